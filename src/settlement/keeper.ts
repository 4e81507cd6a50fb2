import type { AccountSlot } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { SubmitOutcome } from '../stellar/submitter.ts';
import type { VaultLives } from '../stellar/vault-lives.ts';
import type { Meta } from '../store/meta.ts';
import { extendToLedgers, planKeepAlive } from './keep-alive.ts';

/**
 * Keeps what the vault has on the ledger alive: settle lengthens no life, or one batch would pay rent for every account in it,
 * and deposits alone do not come often enough. Accounts that use the gateway are kept too; others are brought back when needed.
 */
export type Keeper = {
  /** Looks when it is time to; true when more accounts are to be looked at. Throws when the network cannot be asked. */
  turn(signal?: AbortSignal): Promise<boolean>;
};

export type KeeperDeps = {
  lives: VaultLives;
  accounts(): Iterable<Pick<AccountSlot, 'address' | 'unsettled' | 'period'>>;
  /** False: the operator pays no rent for accounts, only for the contract and its payees. */
  keepAccounts: boolean;
  payees(): string[];
  lanes: number[];
  /** Length of the vault's limit period, s, and the close time of the newest ledger seen. */
  limitPeriodS: number;
  chainTimeS(): number;
  meta: Pick<Meta, 'get' | 'set'>;
  /** Keeps settlement's envelope and ours from using one sequence number. */
  whileIdle<T>(work: () => Promise<T>): Promise<T | undefined>;
  clock: Clock;
  log: Log;
};

/** Entries end weeks ahead, so a few looks a day miss none. */
const lookEveryMs = 6 * 3_600_000;
/**
 * Which code is the vault's is what the server says, and code is dear: one that lies each time could make us pay for others.
 * The code that was named first, and what was paid for since, are known: they are kept whenever the server names them, and are
 * due once in a week. Code that is not known is paid for once in this time, whatever restarts; new code lives for a week.
 */
const codeEveryMs = 6 * 24 * 3_600_000;
/** The newest of them: more upgrades than these in a few weeks are a lie. */
const codesKnownMax = 4;
/** Who used the gateway in this time is likely to come back before an entry could end. */
const activeForS = 30 * 86_400;
/** Accounts of one turn; the others have theirs at once behind it. */
export const accountsAtOnceMax = 10_000;

export function createKeeper(deps: KeeperDeps): Keeper {
  const { lives, meta, clock, log } = deps;
  let nextLookMs = clock.monotonicMs();
  let from = 0;

  /** A part of the active accounts at a time: each costs the server a look at its entry. */
  function nextAccounts(): string[] {
    if (!deps.keepAccounts) return [];
    const oldestPeriod = Math.floor((deps.chainTimeS() - activeForS) / deps.limitPeriodS);
    const active: string[] = [];
    for (const { address, unsettled, period } of deps.accounts()) {
      if (unsettled > 0n || period > oldestPeriod) active.push(address);
    }
    return active.slice(from, from + accountsAtOnceMax);
  }

  /** False when a settlement is on its way: then it is not this transaction's time. `code` are keys of code. */
  async function carryOut(
    what: 'restored' | 'extended',
    keys: string[],
    code: ReadonlySet<string>,
    send: () => Promise<SubmitOutcome>,
  ): Promise<boolean> {
    const outcome = await deps.whileIdle(send);
    if (!outcome) return false;
    if (outcome.status === 'landed') {
      for (const key of keys) if (code.has(key)) notePaidCode(meta, key, clock.nowMs());
      log.info({ entries: keys.length, hash: outcome.hash }, `entries of the vault were ${what}`);
      return true;
    }
    const detail = outcome.status === 'refused' ? outcome.detail : outcome.reason;
    log.error({ entries: keys.length, detail }, `entries of the vault could not be ${what}; the next look tries again`);
    return true;
  }

  return {
    async turn(signal) {
      if (clock.monotonicMs() < nextLookMs) return false;
      const accounts = nextAccounts();
      const { ledger, entries } = await lives.read({ accounts, payees: deps.payees(), lanes: deps.lanes }, signal);
      const code = new Set(entries.filter(({ of }) => of === 'code').map(({ keyXdr }) => keyXdr));
      const mayKeep = codeToKeep(meta, code, clock.nowMs());
      const due = entries.filter(({ of, keyXdr }) => of !== 'code' || mayKeep(keyXdr));
      const plan = planKeepAlive(ledger, due);
      for (const keys of plan.restore) {
        if (!(await carryOut('restored', keys, code, () => lives.restore(keys, signal)))) return false;
      }
      for (const keys of plan.extend) {
        if (!(await carryOut('extended', keys, code, () => lives.extend(keys, extendToLedgers, signal)))) return false;
      }
      // Only now: what was not looked after for a settlement on its way has its turn again.
      from += accounts.length;
      if (accounts.length === accountsAtOnceMax) return true;
      from = 0;
      nextLookMs = clock.monotonicMs() + lookEveryMs;
      return false;
    },
  };
}

/** Newest first; `newAtMs`: when code was last paid for that was not known. */
type KnownCode = { keys: string[]; newAtMs?: number };

const codeEntry = 'keeper_code';

function knownCode(meta: Pick<Meta, 'get'>): KnownCode {
  return JSON.parse(meta.get(codeEntry) ?? '{"keys":[]}');
}

function codeToKeep(meta: Pick<Meta, 'get' | 'set'>, named: ReadonlySet<string>, nowMs: number) {
  const known = knownCode(meta);
  if (known.keys.length === 0 && named.size > 0) {
    known.keys.push(...named);
    meta.set(codeEntry, JSON.stringify(known));
  }
  // A clock that was set back must not leave the code of an upgrade to die.
  const sinceMs = Math.abs(nowMs - (known.newAtMs ?? Number.NEGATIVE_INFINITY));
  return (key: string) => known.keys.includes(key) || sinceMs >= codeEveryMs;
}

function notePaidCode(meta: Pick<Meta, 'get' | 'set'>, key: string, nowMs: number): void {
  const { keys } = knownCode(meta);
  if (keys.includes(key)) return;
  meta.set(codeEntry, JSON.stringify({ keys: [key, ...keys].slice(0, codesKnownMax), newAtMs: nowMs }));
}
