import { useMemo } from 'preact/hooks';
import { grouped } from '../../shared/format.ts';
import { Panel } from '../../shared/panel.tsx';
import type { Live } from '../types.ts';
import { Chart } from './chart.tsx';

/** Calls, money and time added, over the last five minutes. */
export function Traffic({ live }: { live: Live }) {
  const { seconds, window } = live;
  const times = useMemo(() => timesOf(live), [seconds.from]);
  const perSecond = rateOf(seconds.calls);
  const refused = window.refused.reduce((sum, { count }) => sum + count, 0);
  return (
    <div class="charts">
      <Panel title="Calls">
        <p class="figure">
          <strong>{perSecond}</strong> per second <span class="soft">· {grouped(window.calls)} in 5 min</span>
        </p>
        <Chart
          label={`Calls per second over five minutes; now ${perSecond}, refused ${refused} in all`}
          times={times}
          unit=""
          series={[
            { label: 'Served', values: seconds.calls, colour: 'accent', fill: true },
            { label: 'Refused', values: seconds.refused, colour: 'bad' },
          ]}
        />
        <p class="keys">
          <Key colour="accent" text="served" /> <Key colour="bad" text={`refused (${grouped(refused)})`} />
        </p>
      </Panel>
      <Panel title="Revenue">
        <p class="figure">
          <strong>{window.revenue}</strong> USDC <span class="soft">in 5 min</span>
        </p>
        <Chart
          label={`Revenue per second over five minutes; ${window.revenue} USDC in all`}
          times={times}
          unit=""
          series={[{ label: 'USDC', values: seconds.revenue.map(Number), colour: 'good', fill: true }]}
        />
        <p class="keys">
          <Key colour="good" text="USDC per second" />
        </p>
      </Panel>
      <Panel title="Time added">
        <p class="figure">
          <strong>{milliseconds(window.p50_ms)}</strong> at the median{' '}
          <span class="soft">· {milliseconds(window.p99_ms)} at p99</span>
        </p>
        <Chart
          label={`Time the gateway adds; median ${milliseconds(window.p50_ms)}, 99th percentile ${milliseconds(window.p99_ms)}`}
          times={times}
          unit=""
          series={[
            { label: 'p50', values: seconds.p50_ms, colour: 'accent' },
            { label: 'p99', values: seconds.p99_ms, colour: 'warn' },
          ]}
        />
        <p class="keys">
          <Key colour="accent" text="p50, ms" /> <Key colour="warn" text="p99, ms" />
        </p>
      </Panel>
    </div>
  );
}

function Key({ colour, text }: { colour: string; text: string }) {
  return (
    <span class="key">
      <span class={`dot ${colour}`} aria-hidden="true" />
      {text}
    </span>
  );
}

function timesOf({ seconds }: Live): number[] {
  const from = Math.floor(Date.parse(seconds.from) / 1000);
  return seconds.calls.map((_, second) => from + second);
}

/** Over the last ten seconds: steady enough to read. */
function rateOf(calls: number[]): string {
  const last = calls.slice(-10);
  const rate = last.reduce((sum, count) => sum + count, 0) / Math.max(1, last.length);
  return rate >= 100 ? grouped(Math.round(rate)) : String(Number(rate.toFixed(1)));
}

function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${ms} ms`;
}
