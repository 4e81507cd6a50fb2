import type { AccountSlot } from '../billing/ledger.ts';
import type { Route } from '../catalog/model.ts';
import type { StoredAnswer } from '../metering/keyed-calls.ts';
import { formatUsdc } from '../money.ts';
import type { CallDeps } from './call.ts';
import { type CallMemory, giveMemory, takeMemoryWhole } from './call-memory.ts';
import type { Exchange } from './exchange.ts';
import { type Refusal, refuse } from './refuse.ts';

const tooMany: Refusal = {
  ok: false,
  code: 'overloaded',
  detail: 'too many kept answers are on their way',
  fields: ['retry-after', '1'],
};

/** A client has its time for each piece, as for each that an upstream sends: how long all of them take is its own affair. */
const pieceBytes = 64 * 1024;

/** Answers from what was kept: nothing is sent upstream and nothing is charged. Resolves when the client has it. */
export function replay(
  deps: Pick<CallDeps, 'ledger' | 'prepared' | 'corsOf'> & CallMemory,
  exchange: Exchange,
  route: Route,
  account: AccountSlot,
  callId: number,
  { status, fields, body }: StoredAnswer,
): Promise<void> | void {
  const { answer, end, head, connection, config } = exchange;
  const { bufferedBytesMax } = config.gateway.idempotency;
  if (!takeMemoryWhole(deps, account, body.length, bufferedBytesMax)) return refuse(exchange, tooMany);
  const idleMs = config.gateway.limits.bodyIdleTimeoutMs;
  const bodiless = head.method === 'HEAD' || status === 204 || status === 304;
  end.callId = callId;
  end.account = account.address;
  end.status = status;
  const own = ['via', '1.1 callora', 'x-request-id', exchange.requestId, ...exchange.fields];
  own.push('callora-call', String(callId), 'callora-price', '0', 'idempotent-replayed', 'true');
  // What may lie in a shared cache says nothing of who paid for it.
  if (!deps.prepared(route).keepsCacheFields) own.push('callora-balance', formatUsdc(deps.ledger.spendable(account)));
  else if (head.origin === undefined) own.push(...deps.corsOf(config).of(route.api).cachedFields());
  return new Promise((resolve) => {
    let sent = 0;
    const over = () => {
      exchange.onGone = undefined;
      exchange.onDrain = undefined;
      giveMemory(deps, account, body.length);
      resolve();
    };
    if (exchange.clientGone) return over();
    const flushed = () => {
      if (exchange.onGone !== over) return;
      connection.caughtUp();
      end.outcome = 'replayed';
      over();
    };
    const write = () => {
      while (!bodiless && sent < body.length) {
        const piece = body.subarray(sent, sent + pieceBytes);
        sent += piece.length;
        end.bytesOut = sent;
        if (!answer.write(piece)) return connection.stalled(idleMs);
      }
      exchange.onDrain = undefined;
      answer.end();
      if (answer.waitingBytes > 0) connection.stalled(idleMs);
      answer.whenFlushed(flushed);
    };
    exchange.onGone = over;
    exchange.onDrain = write;
    answer.head(status, [...fields, ...own], bodiless ? { kind: 'none' } : { kind: 'length', bytes: body.length });
    write();
  });
}
