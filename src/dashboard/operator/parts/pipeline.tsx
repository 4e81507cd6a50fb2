import { grouped } from '../../shared/format.ts';
import { Time } from '../../shared/time.tsx';
import { BatchLink, Transaction } from '../links.tsx';
import type { Batch, Live } from '../types.ts';

/** Where charged money is on its way to the payees, left to right. */
export function Pipeline({ pipeline }: { pipeline: Live['pipeline'] }) {
  const { open, in_flight, confirmed } = pipeline;
  const inState = (state: Batch['state']) => in_flight.filter((batch) => batch.state === state);
  return (
    <ol class="pipeline">
      <li class={open.calls > 0 ? 'stage busy' : 'stage'}>
        <h3>Open</h3>
        <p class="amount">{open.amount}</p>
        <p class="soft">{grouped(open.calls)} calls in no batch yet</p>
      </li>
      <Stage title="Sealed" batches={inState('sealed')} empty="No batch waits to be sent" />
      <Stage title="Submitted" batches={inState('submitted')} empty="No batch is on its way" />
      <li class="stage">
        <h3>Confirmed</h3>
        {confirmed.length === 0 && <p class="soft">No batch yet</p>}
        <ul class="landed">
          {confirmed.map((batch) => (
            <li key={`${batch.lane} ${batch.batch}`}>
              <span>
                <BatchLink {...batch} />
              </span>
              <span class="number">{batch.total}</span>
              <span>
                <Transaction hash={batch.tx_hash} />
              </span>
              <span class="soft">
                <Time at={batch.confirmed_at} />
              </span>
            </li>
          ))}
        </ul>
      </li>
    </ol>
  );
}

function Stage({ title, batches, empty }: { title: string; batches: Batch[]; empty: string }) {
  return (
    <li class={batches.length > 0 ? 'stage busy' : 'stage'}>
      <h3>{title}</h3>
      {batches.length === 0 && <p class="soft">{empty}</p>}
      {batches.map((batch) => (
        <div key={`${batch.lane} ${batch.batch}`}>
          <p class="amount">{batch.total}</p>
          <p class="soft">
            batch <BatchLink {...batch} />, {grouped(batch.leaves)} calls, sealed <Time at={batch.sealed_at} />
          </p>
        </div>
      ))}
    </li>
  );
}
