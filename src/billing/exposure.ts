import type { ErrorCode } from '../errors.ts';
import { add, type Units } from '../money.ts';

/** What is known about the chain and the books at the moment of a call. Amounts in units of 1e-7 USDC. */
export type Exposure = {
  nowMs: number;
  /** Close time of the newest ledger the watcher has applied, ms; undefined before the first. */
  lastLedgerClosedAtMs: number | undefined;
  /** Time of the oldest charge that the chain has not confirmed, ms. Receivables do not count. */
  oldestUnsettledAtMs: number | undefined;
  /** The vault's withdrawal delay, s. */
  withdrawDelayS: number;
  /** The vault refuses settles. */
  paused: boolean;
  /** Why an operator or a failed check stopped sales, if one did. */
  stopped?: string | undefined;
  totals: Owed;
  account: Owed;
  /** What the call costs: it may reach a cap and not pass it. */
  price: Units;
  exposureMaxUnits: Units;
  exposureAccountMaxUnits: Units;
  /** False once the vault was seen to remove the payee of this API. */
  payeeListed: boolean;
};

/** Unsettled charges, and the holds of calls under way: they are charges in a moment. */
export type Owed = { readonly unsettled: Units; readonly held: Units };

export type ServeVerdict = { ok: true } | { ok: false; code: ErrorCode; detail: string };

/**
 * Whether a paid call may be served on what is known. Money that is charged here and not yet taken on chain can leave
 * the vault after the withdrawal delay, so the gateway stops serving blind long before.
 */
export function mayServe(exposure: Exposure): ServeVerdict {
  const { nowMs, lastLedgerClosedAtMs, oldestUnsettledAtMs, withdrawDelayS, price } = exposure;
  const blindMaxMs = (withdrawDelayS * 1000) / 4;
  if (exposure.stopped !== undefined) return refuse('sales_stopped', exposure.stopped);
  if (exposure.paused) return refuse('vault_paused', 'the vault accepts no settlement');
  if (!exposure.payeeListed) return refuse('payee_removed', 'the vault does not list the payee of this API');
  if (lastLedgerClosedAtMs === undefined || nowMs - lastLedgerClosedAtMs > blindMaxMs) {
    return refuse('watcher_stale', 'the newest ledger seen is too old');
  }
  if (oldestUnsettledAtMs !== undefined && nowMs - oldestUnsettledAtMs > blindMaxMs) {
    return refuse('settlement_stale', 'the oldest unsettled charge is too old');
  }
  if (add(owed(exposure.totals), price) > exposure.exposureMaxUnits) {
    return refuse('exposure_reached', 'the gateway would pass its cap of unsettled charges');
  }
  if (add(owed(exposure.account), price) > exposure.exposureAccountMaxUnits) {
    return refuse('exposure_reached', 'the account would pass its cap of unsettled charges');
  }
  return { ok: true };
}

function owed({ unsettled, held }: Owed): Units {
  return add(unsettled, held);
}

function refuse(code: ErrorCode, detail: string): ServeVerdict {
  return { ok: false, code, detail };
}
