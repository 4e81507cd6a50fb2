import { useEffect, useState } from 'preact/hooks';
import { Time } from '../shared/time.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { type Call, type Gateway, type Page, refreshMs } from './gateway.ts';
import { joinPages } from './joined-pages.ts';

/** The newest calls, refreshed; older ones are fetched on demand and stay. */
export function Calls({ gateway }: { gateway: Gateway }) {
  const newest = useAnswer('calls', (signal) => gateway.calls(null, signal), refreshMs);
  const [shown, setShown] = useState<Page<Call>>();
  const [problem, setProblem] = useState('');
  const first = newest.value;
  const calls = (shown ?? first)?.items ?? [];
  const next = (shown ?? first)?.next ?? null;

  useEffect(() => {
    if (first) setShown((old) => old && joinPages(first.items, old));
  }, [first]);

  async function more(cursor: string) {
    const answer = await gateway.calls(cursor);
    if (!answer.ok) return setProblem(answer.detail);
    setShown({ items: [...calls, ...answer.value.items], next: answer.value.next });
  }

  /** As a file: its reader checks it elsewhere, against the chain. */
  async function receipt(call: string) {
    const answer = await gateway.receipt(call);
    if (!answer.ok) return setProblem(answer.detail);
    const file = URL.createObjectURL(new Blob([JSON.stringify(answer.value, null, 2)], { type: 'application/json' }));
    const link = Object.assign(document.createElement('a'), { href: file, download: `receipt-${call}.json` });
    link.click();
    URL.revokeObjectURL(file);
  }

  return (
    <section aria-labelledby="calls">
      <h2 id="calls">Calls</h2>
      {(newest.problem ?? problem) && <p class="note bad">{newest.problem ?? problem}</p>}
      {calls.length > 0 && <CallTable calls={calls} onReceipt={receipt} />}
      {newest.value && calls.length === 0 && (
        <p class="empty">No calls yet. Issue a token, and paste the curl line that comes with it into a terminal.</p>
      )}
      {next !== null && (
        <div>
          <button type="button" onClick={() => void more(next)}>
            Older calls
          </button>
        </div>
      )}
    </section>
  );
}

type OnReceipt = (call: string) => Promise<void>;

function CallTable({ calls, onReceipt }: { calls: Call[]; onReceipt: OnReceipt }) {
  return (
    <div class="panel table scroll">
      <table aria-label="Calls, newest first">
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col" class="wide-only">
              Time
            </th>
            <th scope="col" class="wide-only">
              Status
            </th>
            <th scope="col" class="number">
              USDC
            </th>
            <th scope="col" class="wide-only">
              Money
            </th>
            <th scope="col">
              <span class="hidden">Receipt</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <CallRow key={call.call} call={call} onReceipt={onReceipt} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CallRow({ call, onReceipt }: { call: Call; onReceipt: OnReceipt }) {
  return (
    <tr>
      <td>
        <span class="code">
          <span class="method">{call.method}</span> {call.route}
        </span>
        <div class="soft small narrow-only">
          {call.status}, <Time at={call.time} />
        </div>
      </td>
      <td class="soft wide-only">
        <Time at={call.time} />
      </td>
      <td class="wide-only">{call.status}</td>
      <td class="number">{call.price}</td>
      <td class="soft wide-only">{moneyState(call)}</td>
      <td class="number">
        <button
          type="button"
          class="quiet tight"
          onClick={() => void onReceipt(call.call)}
          aria-label={`Receipt of call ${call.call}`}
        >
          Receipt
        </button>
      </td>
    </tr>
  );
}

function moneyState({ price, refunded, batch }: Call): string {
  if (price === '0') return 'free';
  if (refunded !== '0') return `${refunded} refunded`;
  if (!batch) return 'not settled yet';
  return batch.state === 'confirmed' ? `settled in batch ${batch.batch}` : `in batch ${batch.batch}, ${batch.state}`;
}
