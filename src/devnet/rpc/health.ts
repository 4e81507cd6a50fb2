/** getHealth: an error once the latest ledger is old. */
import type { Chain } from '../ledger/chain.ts';
import { RETENTION_LEDGERS } from '../ledger/history.ts';
import { method, struct } from './decode-params.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';

/** As the real server's default. */
const HEALTHY_LATENCY_S = 30;

export const healthMethods: RpcMethods = {
  getHealth: method(struct('GetHealthRequest', {}), (_request, chain) => getHealth(chain)),
};

function getHealth({ history, nextMoment }: Chain): unknown {
  const latest = history.latest();
  const oldest = history.oldest();
  const latencyS = nextMoment().closeTimeS - latest.closeTimeS;
  if (latencyS > HEALTHY_LATENCY_S) {
    // The real server puts the code into the text, too.
    const old = `latency (${durationText(latencyS)}) since last known ledger closed is too high (>${HEALTHY_LATENCY_S}s)`;
    throw new RpcError('internalError', `[-32603] ${old}`);
  }
  return {
    status: 'healthy',
    latestLedger: latest.sequence,
    latestLedgerCloseTime: String(latest.closeTimeS),
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: String(oldest.closeTimeS),
    ledgerRetentionWindow: RETENTION_LEDGERS,
  };
}

/** `1h0m5s`: the largest unit that is needed and all below it, as Go writes durations. */
function durationText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
}
