import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Units, zero } from '../money.ts';
import type { ExitTerms } from '../stellar/exit-envelope.ts';
import type { ExitSigner, PreparedExit, SignedExit } from '../stellar/exit-signer.ts';
import { authorisationLedgers } from '../stellar/submitter.ts';
import type { ExitRow } from '../store/exits.ts';
import type { Store } from '../store/store.ts';
import { signLifeMaxLedgers } from './adoption.ts';

/**
 * Co-signed exits: the account asks, the gateway's operator signs `withdraw_now` for it, and the money leaves at once.
 * A signature that is out can land at any moment until its last ledger, so the order is fixed:
 *
 *   1. ask the network, sign nothing
 *   2. one synchronous step: look whether exits may be signed, compare with what can leave, write the row, hold the amount
 *   3. wait until the row is on disk
 *   4. sign, from the row, and hand out
 *
 * A crash or a failure after 2 leaves the hold where it is, and the hold ends only by the exit's own event or when the
 * chain has passed the signature's last ledger (deposits/watcher). Signing is a function of the row: whoever asks again
 * for the same gets the same bytes, so one hold never stands for two signatures.
 */
export type ExitDesk = {
  request(account: string, wish: { to: string; amount: Units }): Promise<ExitAnswer>;
};

export type ExitAnswer =
  | { ok: true; exit: ExitRow; signed: SignedExit }
  /** Another exit of the account is out. */
  | { ok: false; reason: 'pending'; open: ExitRow }
  | { ok: false; reason: 'too_large'; available: Units; slot: AccountSlot | undefined }
  /** The network would not carry it out. Nothing was held or signed. */
  | { ok: false; reason: 'refused'; detail: string }
  | ({ ok: false; reason: 'stopped' } & ExitStop)
  | { ok: false; reason: 'chain_unavailable' | 'not_written' | 'overloaded' };

/** Why no exit may be signed now. */
export type ExitStop = { code: ErrorCode; detail: string };

export type ExitDeskDeps = {
  /** Undefined when one may be signed. */
  stop(): ExitStop | undefined;
  vault: string;
  signer: ExitSigner;
  exits: Pick<Store['exits'], 'open' | 'openOf'>;
  ledger: Pick<Ledger, 'account' | 'exitable' | 'holdExit'>;
  /** Newest ledger whose events are in. */
  seenLedger(): number;
  /** Resolves when everything written is on disk. */
  sync(): Promise<void>;
  clock: Clock;
  log: Log;
};

/**
 * How far the newest ledger that the network names may lie from the newest one that was watched. A server that names one
 * of next year would have us sign for a year; what is signed ends by `signLifeMaxLedgers` after what was watched.
 */
const ledgersApartMax = signLifeMaxLedgers - authorisationLedgers;

/** Accounts served at once: each costs the RPC server four questions, and nobody has paid for them. */
const accountsAtOnceMax = 32;

export function createExitDesk(deps: ExitDeskDeps): ExitDesk {
  const turns = new Map<string, Promise<unknown>>();

  /** One at a time per account: of two equal requests at once, the second finds the first one's row. */
  function request(account: string, wish: { to: string; amount: Units }): Promise<ExitAnswer> {
    if (turns.size >= accountsAtOnceMax && !turns.has(account)) {
      return Promise.resolve({ ok: false, reason: 'overloaded' });
    }
    const terms = { vault: deps.vault, account, ...wish };
    const turn = (turns.get(account) ?? Promise.resolve()).then(() => decide(deps, terms));
    const ended = turn
      .catch(() => undefined)
      .then(() => {
        if (turns.get(account) === ended) turns.delete(account);
      });
    turns.set(account, ended);
    return turn;
  }

  return { request };
}

async function decide(deps: ExitDeskDeps, terms: ExitTerms): Promise<ExitAnswer> {
  const stopped = refusedBy(deps.stop());
  if (stopped) return stopped;
  const slot = deps.ledger.account(terms.account);
  const known = slot && deps.exits.openOf(slot.id);
  if (known)
    return isSame(known, terms) ? await handOut(deps, known, terms) : { ok: false, reason: 'pending', open: known };
  // Early, so that what cannot leave costs the network no question; what counts is the look in `commit`.
  if (!slot || terms.amount > deps.ledger.exitable(slot)) return tooLarge(deps, slot);
  const prepared = await prepare(deps, terms);
  if (prepared === 'chain_unavailable') return { ok: false, reason: prepared };
  if (!prepared.ok) return { ok: false, reason: 'refused', detail: prepared.detail };
  // The network has taken its time: the books may have been found in doubt meanwhile.
  const stoppedNow = refusedBy(deps.stop());
  if (stoppedNow) return stoppedNow;
  const row = commit(deps, slot, terms, prepared);
  return row ? await handOut(deps, row, terms) : tooLarge(deps, slot);
}

async function prepare(
  { signer, log, seenLedger }: ExitDeskDeps,
  terms: ExitTerms,
): Promise<PreparedExit | 'chain_unavailable'> {
  try {
    const prepared = await signer.prepare(terms);
    if (!prepared.ok || Math.abs(prepared.madeLedger - seenLedger()) <= ledgersApartMax) return prepared;
    log.warn({ named: prepared.madeLedger, seen: seenLedger() }, 'no exit is signed: the newest ledger is in doubt');
    return 'chain_unavailable';
  } catch (error) {
    log.warn({ err: error, account: terms.account }, 'an exit could not be prepared');
    return 'chain_unavailable';
  }
}

/** Check, row and hold with nothing awaited in between: no call can take what the exit takes. */
function commit(
  { ledger, exits, clock }: ExitDeskDeps,
  slot: AccountSlot,
  { to, amount }: ExitTerms,
  { envelopeXdr, madeLedger, expiresLedger }: Extract<PreparedExit, { ok: true }>,
): ExitRow | undefined {
  if (amount > ledger.exitable(slot)) return undefined;
  const createdAtMs = clock.nowMs();
  const row = exits.open({ accountId: slot.id, to, amount, envelopeXdr, madeLedger, expiresLedger, createdAtMs });
  ledger.holdExit(slot, amount);
  return row;
}

async function handOut(deps: ExitDeskDeps, exit: ExitRow, terms: ExitTerms): Promise<ExitAnswer> {
  try {
    await deps.sync();
  } catch (error) {
    deps.log.error({ err: error, account: terms.account }, 'an exit could not be put on disk, so it was not signed');
    return { ok: false, reason: 'not_written' };
  }
  const stopped = refusedBy(deps.stop());
  if (stopped) return stopped;
  const signed = await deps.signer.sign(exit.envelopeXdr, terms);
  deps.log.info({ account: terms.account, exit: exit.id, expiresLedger: exit.expiresLedger }, 'an exit was co-signed');
  return { ok: true, exit, signed };
}

function refusedBy(stop: ExitStop | undefined): ExitAnswer | undefined {
  return stop && { ok: false, reason: 'stopped', ...stop };
}

function tooLarge({ ledger }: ExitDeskDeps, slot: AccountSlot | undefined): ExitAnswer {
  return { ok: false, reason: 'too_large', available: slot ? ledger.exitable(slot) : zero, slot };
}

function isSame(row: ExitRow, terms: ExitTerms): boolean {
  return row.to === terms.to && row.amount === terms.amount;
}
