import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** A curve over the last minutes. What it shows is also said in words: by the figure above it and by its label. */
export type Series = {
  label: string;
  values: (number | null)[];
  colour: 'accent' | 'bad' | 'warn' | 'good';
  fill?: boolean;
};

export type ChartProps = {
  /** What a screen reader says instead of the picture. */
  label: string;
  /** Seconds since 1970, one per value. */
  times: number[];
  series: Series[];
  unit: string;
};

const heightPx = 150;

export function Chart({ label, times, series, unit }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data: uPlot.AlignedData = [times, ...series.map(({ values }) => values)];
  const latest = useRef({ data, series, unit });
  latest.current = { data, series, unit };

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, latest.current), latest.current.data, element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }));
    resized.observe(element);
    const stopWatching = onTheme(draw);
    return () => {
      resized.disconnect();
      stopWatching();
      plot.current?.destroy();
    };
  }, []);

  useEffect(() => plot.current?.setData(data), [times]);

  return <div ref={holder} class="chart" role="img" aria-label={label} />;
}

function optionsOf(element: HTMLElement, { series, unit }: { series: Series[]; unit: string }): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('soft'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: heightPx,
    cursor: { y: false, points: { size: 6 } },
    legend: { show: false },
    padding: [8, 4, 0, 0],
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] } },
    axes: [
      { ...axis, size: 24, space: 44, incrs: [60, 120], values: (_, splits) => splits.map(clockTime) },
      { ...axis, size: 48, space: 32, values: (_, splits) => splits.map((value) => `${shortNumber(value)}${unit}`) },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, fill }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        ...(fill ? { fill: `color-mix(in srgb, ${colour(name)} 14%, transparent)` } : {}),
      })),
    ],
  };
}

/** Calls back when the reader or the system changes between light and dark: a canvas does not follow by itself. */
function onTheme(change: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(change);
  system.addEventListener('change', change);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    system.removeEventListener('change', change);
    chosen.disconnect();
  };
}

const hourAndMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

function clockTime(seconds: number): string {
  return hourAndMinute.format(new Date(seconds * 1000));
}

function shortNumber(value: number): string {
  if (value === 0) return '0';
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(2)));
}
