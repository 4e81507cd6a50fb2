import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { atLeastZero, formatUsdc, subtract, type Units, zero } from '../money.ts';
import { depositOnceOperation } from '../stellar/account-transactions.ts';
import type { FollowOutcome, Submitter } from '../stellar/submitter.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { ClassicPaymentRow } from '../store/classic-payments.ts';
import type { Store } from '../store/store.ts';

/**
 * Moves due payments from the deposit account into the vault, each once. The vault itself refuses an operation id that it
 * has seen, and is asked before every build, so neither a replay nor the loss of this database can forward twice. An
 * envelope is on disk before it is sent, and another is made only when the first can no longer land.
 */
export type ClassicForwarder = {
  /** One payment; true when the next may be tried at once. */
  turn(signal?: AbortSignal): Promise<boolean>;
};

/** What an account holds, and the ledger of its last change: all payments up to there are in it, and none after. */
export type AccountBalance = { amount: Units; sinceLedger: number };

export type ClassicForwarderDeps = {
  vault: Pick<Vault, 'address' | 'forwarded'>;
  submitter: Pick<Submitter, 'submit' | 'follow'>;
  payments: Pick<Store['classicPayments'], 'held' | 'open' | 'waitingAfter' | 'markForwarded' | 'note'>;
  forwards: Store['classicForwards'];
  /** G… address of the deposit account, and its seed. */
  account: string;
  secret: string;
  /** What the deposit account holds on chain now. */
  balance(signal?: AbortSignal): Promise<AccountBalance>;
  /** Newest ledger up to which, since the start, all payments to the account were read; 0 before the first page. */
  readTo(): number;
  sync(): Promise<void>;
  clock: Clock;
  log: Log;
};

/** Payments looked at in one turn; those that have to wait must not hide the others. */
const openMax = 1_000;

/** Pause before a payment is tried again that the vault or the network refused, ms; doubled up to the longest. */
const pauseMs = 15_000;
const pauseMaxMs = 3_600_000;

/** Payments are read up to a balance within two minutes; one of a ledger that does not come is asked for again, ms. */
const balanceKeptMs = 300_000;

/** The longest that anything signed by a gateway is good for, ms. */
const ownerlessAgainMs = 600_000;

/** Payments that wait for a person that the vault is asked about in one turn: a server that counts requests must not mind. */
const ownerlessPerTurn = 20;

export function createClassicForwarder(deps: ClassicForwarderDeps): ClassicForwarder {
  const { vault, submitter, payments, forwards, account, clock, log } = deps;
  let ownerlessAsked = 0;
  let askedAgainAtMs: number | undefined = clock.monotonicMs() + ownerlessAgainMs;
  let seen: (AccountBalance & { id: number; atMs: number }) | undefined;
  const pauses = new Map<number, { untilMs: number; tries: number }>();

  /** False when nothing can be done before more payments are read. */
  async function step(payment: ClassicPaymentRow, signal?: AbortSignal): Promise<boolean> {
    const live = forwards.live(payment.id);
    if (live) {
      await end(payment, live.hash, await submitter.follow(live, signal));
      return true;
    }
    if (await vault.forwarded(account, BigInt(payment.operationId), signal)) {
      await markForwarded(payment, 'the vault had it already');
      return true;
    }
    const missing = await shortBy(payment, signal);
    if (missing === 'unread') return false;
    if (missing > zero) waitForCover(payment, missing);
    else await forward(payment, signal);
    return true;
  }

  async function forward(payment: ClassicPaymentRow, signal?: AbortSignal): Promise<void> {
    const outcome = await submitter.submit(
      {
        operation: operationOf(payment),
        secret: deps.secret,
        async onSigned({ hash, envelopeXdr, sequence, maxTimeS }) {
          forwards.record(payment.id, { hash, envelopeXdr, sequence, maxTimeS, createdAtMs: clock.nowMs() });
          await deps.sync();
          log.info({ operation: payment.operationId, hash, maxTimeS }, 'a classic payment is sent to the vault');
        },
      },
      signal,
    );
    if (outcome.status !== 'refused') return end(payment, outcome.hash, outcome);
    wait(payment, `refused: ${outcome.reason ?? outcome.detail.slice(0, 200)}`);
  }

  function operationOf({ account: owner, amount, operationId }: ClassicPaymentRow) {
    if (owner === undefined) throw new Error(`payment ${operationId} has no owner: it must not be forwarded`);
    return depositOnceOperation(vault.address, { from: account, account: owner, amount, id: BigInt(operationId) });
  }

  async function end(payment: ClassicPaymentRow, hash: string, outcome: FollowOutcome): Promise<void> {
    forwards.end(payment.id, hash, outcome.status);
    await deps.sync();
    if (outcome.status === 'landed') {
      pauses.delete(payment.id);
      payments.note(payment.id, undefined);
      log.info({ operation: payment.operationId, hash, ledger: outcome.ledger }, 'a classic payment is in the vault');
      return;
    }
    wait(payment, `${outcome.status}: ${outcome.reason}`);
  }

  async function markForwarded(payment: ClassicPaymentRow, note: string): Promise<void> {
    payments.markForwarded(payment.id, undefined, note);
    pauses.delete(payment.id);
    await deps.sync();
    log.info({ operation: payment.operationId }, 'a classic payment was found in the vault');
  }

  /**
   * What the account lacks of the payments that the books say lie in it: something was sent back by hand, and these books
   * do not know it. Until they do, a forward could be made of what another has paid. So nothing is compared before every
   * payment that may be in the balance was read; the balance is kept meanwhile, or a payment in each ledger would have this
   * one wait for ever.
   */
  async function shortBy({ id, ledger }: ClassicPaymentRow, signal?: AbortSignal): Promise<Units | 'unread'> {
    const now = clock.monotonicMs();
    if (seen?.id !== id || now - seen.atMs > balanceKeptMs) {
      seen = { id, atMs: now, ...(await deps.balance(signal)) };
    }
    const { amount, sinceLedger } = seen;
    const behind = ledger > sinceLedger;
    if (!behind && deps.readTo() < sinceLedger) return 'unread';
    seen = undefined;
    return behind ? 'unread' : atLeastZero(subtract(payments.held(account, sinceLedger), amount));
  }

  /** A source that is behind shows too little for a moment, so this pause does not grow. */
  function waitForCover(payment: ClassicPaymentRow, missing: Units): void {
    pauses.set(payment.id, { untilMs: clock.monotonicMs() + pauseMs, tries: 0 });
    const reason = `the deposit account lacks ${formatUsdc(missing)} USDC of its payments: close what was sent back`;
    payments.note(payment.id, reason);
    log.warn({ operation: payment.operationId, reason }, 'a classic payment could not be forwarded yet');
  }

  /** The others go on meanwhile. */
  function wait(payment: ClassicPaymentRow, reason: string): void {
    const tries = (pauses.get(payment.id)?.tries ?? 0) + 1;
    const untilMs = clock.monotonicMs() + Math.min(pauseMaxMs, pauseMs * 2 ** (tries - 1));
    pauses.set(payment.id, { untilMs, tries });
    payments.note(payment.id, reason);
    log.warn({ operation: payment.operationId, tries, reason }, 'a classic payment could not be forwarded yet');
  }

  /**
   * Books that were lost, or restored from a copy, may show payments as waiting for a person that were forwarded since. Each
   * is asked about after a start, and once more when nothing can land any more that was sent before it.
   */
  async function findForwarded(signal?: AbortSignal): Promise<void> {
    if (askedAgainAtMs !== undefined && clock.monotonicMs() >= askedAgainAtMs) {
      askedAgainAtMs = undefined;
      ownerlessAsked = 0;
    }
    for (const payment of payments.waitingAfter(account, ownerlessAsked, ownerlessPerTurn)) {
      if (await vault.forwarded(account, BigInt(payment.operationId), signal)) {
        await markForwarded(payment, 'the vault had it before these books');
      }
      ownerlessAsked = payment.id;
    }
  }

  return {
    async turn(signal) {
      const now = clock.monotonicMs();
      const next = payments.open(account, openMax).find(({ id }) => (pauses.get(id)?.untilMs ?? now) <= now);
      if (next && (await step(next, signal))) return true;
      await findForwarded(signal);
      return false;
    },
  };
}
