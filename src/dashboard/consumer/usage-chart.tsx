import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { DayUsage, Usage } from './gateway.ts';

const heightPx = 180;
const dayS = 86_400;

/** Spending by UTC day. The bars are drawings, for which a float will do; the amounts in words are the exact ones. */
export function UsageChart({ usage }: { usage: Usage<DayUsage> }) {
  const holder = useRef<HTMLDivElement>(null);
  const [day, setDay] = useState<string>();
  const colours = useColours();
  const days = daysBetween(usage.from, usage.to);
  const sums = new Map(usage.items.map((item) => [item.day, item]));

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const xs = days.map((each) => Date.parse(`${each}T00:00:00Z`) / 1_000);
    const ys = days.map((each) => Number(sums.get(each)?.net ?? 0));
    const plot = new uPlot(
      options(element.clientWidth, colours, (index) => setDay(index === null ? undefined : days[index])),
      [xs, ys],
      element,
    );
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [usage, colours]);

  const shown =
    day === undefined ? undefined : { day, calls: sums.get(day)?.calls ?? 0, net: sums.get(day)?.net ?? '0' };
  return (
    <figure class="chart">
      <figcaption>
        {shown ? (
          <>
            <span class="soft">{shown.day}</span> <strong>{shown.net} USDC</strong> in {count(shown.calls)}
          </>
        ) : (
          <>
            <span class="soft">Last {days.length} days</span> <strong>{usage.total.net} USDC</strong> in{' '}
            {count(usage.total.calls)}
          </>
        )}
      </figcaption>
      <div ref={holder} aria-hidden="true" />
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                USDC
              </th>
            </tr>
          </thead>
          <tbody>
            {usage.items.map((item) => (
              <tr key={item.day}>
                <td>{item.day}</td>
                <td class="number">{item.calls}</td>
                <td class="number">{item.net}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function count(calls: number): string {
  return calls === 1 ? '1 call' : `${calls} calls`;
}

type Colours = { bar: string; line: string; text: string };

function options(width: number, { bar, line, text }: Colours, onDay: (index: number | null) => void): uPlot.Options {
  const axis = {
    stroke: text,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height: heightPx,
    padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { range: (_plot, min, max) => [min - dayS / 2, max + dayS / 2] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 64, values: (_plot, splits) => splits.map(dayAndMonth) },
      { ...axis, size: 64 },
    ],
    series: [
      {},
      {
        fill: bar,
        stroke: bar,
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars?.({ size: [0.7, 28] }) ?? (() => null),
      },
    ],
    hooks: { setCursor: [(plot) => onDay(plot.cursor.idx ?? null)] },
  };
}

function dayAndMonth(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleDateString(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** The page's colours, read again when they change: a canvas knows no style sheet. */
function useColours(): Colours {
  const [colours, setColours] = useState(readColours);
  useEffect(() => {
    const read = () => setColours(readColours());
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const theme = new MutationObserver(read);
    dark.addEventListener('change', read);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      dark.removeEventListener('change', read);
      theme.disconnect();
    };
  }, []);
  return colours;
}

function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { bar: of('--accent'), line: of('--line'), text: of('--soft') };
}

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  const last = Date.parse(`${to}T00:00:00Z`);
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= last; at += dayS * 1_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}
