import { useState } from 'preact/hooks';
import { grouped } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { useGet } from '../api.ts';
import { type Fact, Facts } from '../parts/facts.tsx';
import { Lights } from '../parts/lights.tsx';
import { Pipeline } from '../parts/pipeline.tsx';
import { Traffic } from '../parts/traffic.tsx';
import type { Live } from '../types.ts';

const everyMs = 2_000;

/** What goes on now. */
export function OverviewPage() {
  const [isLive, setLive] = useState(true);
  const { value: live, problem } = useGet<Live>('live', isLive ? everyMs : undefined);
  return (
    <>
      <div class="page-head">
        <h1>Overview</h1>
        {live && <Standing live={live} />}
        <button type="button" aria-pressed={!isLive} onClick={() => setLive(!isLive)}>
          {isLive ? 'Pause updates' : 'Resume updates'}
        </button>
      </div>
      <Stale problem={live && problem} />
      {live ? <Shown live={live} /> : <Waiting problem={problem} />}
    </>
  );
}

/** Said aloud only when it changes. */
function Standing({ live }: { live: Live }) {
  return (
    <p class={live.ready ? 'badge good' : 'badge bad'} role="status">
      {live.ready ? 'Ready' : `Not ready: ${live.reasons.join('; ')}`}
    </p>
  );
}

function Shown({ live }: { live: Live }) {
  return (
    <div class="stack">
      <Traffic live={live} />
      <Panel title="Settlement" aside={<a href="#/settlement">All batches</a>}>
        <Pipeline pipeline={live.pipeline} />
      </Panel>
      <div class="columns">
        <Panel title="Promises">
          <Lights lights={live.lights} />
        </Panel>
        <div class="stack">
          <Figures live={live} />
          <Refusals live={live} />
        </div>
      </div>
    </div>
  );
}

function Figures({ live }: { live: Live }) {
  const { figures } = live;
  const lag = figures.watcher_lag_ledgers;
  const shown: Fact[] = [
    ['Open connections', grouped(figures.connections)],
    ['Calls in flight', grouped(figures.reservations)],
    ['Accounts', grouped(figures.accounts)],
    ['Watcher lag', lag === null ? 'not known yet' : `${grouped(lag)} ledgers`],
    ['Unsettled', `${figures.unsettled} USDC`],
    ['On hold', `${figures.held} USDC`],
    ['Receivable', `${figures.receivable} USDC`],
    ['Network', live.network],
    ['Version', live.version],
  ];
  return (
    <Panel title="Now">
      <Facts facts={shown} />
    </Panel>
  );
}

function Refusals({ live }: { live: Live }) {
  const { refused } = live.window;
  return (
    <Panel title="Refusals in 5 min">
      {refused.length === 0 ? (
        <p class="soft">None.</p>
      ) : (
        <Facts
          facts={refused.map(({ code, count }) => [
            code,
            <a key={code} href={`${live.public_url}/_callora/errors/${code}`} target="_blank" rel="noreferrer">
              {grouped(count)}
              <span class="hidden">: what {code} means</span>
            </a>,
          ])}
        />
      )}
    </Panel>
  );
}
