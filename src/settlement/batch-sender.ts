import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { channelSecret } from '../stellar/channel-account.ts';
import { isTransportFailure, RpcError } from '../stellar/json-rpc.ts';
import type { NetworkSettings } from '../stellar/network-settings.ts';
import type { Rpc } from '../stellar/rpc.ts';
import type { TransactionAnswer } from '../stellar/rpc-answers.ts';
import { batchBounds, inVaultOrder, sizeOf } from '../stellar/settle-transaction.ts';
import { ranOut, resultName } from '../stellar/transactions.ts';
import type { Vault } from '../stellar/vault-client.ts';
import { findSettled } from '../stellar/vault-events.ts';
import type { BatchLineRow, BatchRow, EnvelopeRow } from '../store/batches.ts';
import type { Store } from '../store/store.ts';
import { type BatchEvent, judgeEnvelope, nextBatchState } from './batch-state.ts';
import type { ConfirmResult, SettledOnChain } from './confirm.ts';
import { noteObjection } from './last-objection.ts';
import { type SettledSearch, type SettledSearchDeps, searchSettled } from './settled-search.ts';

/**
 * Brings one sealed batch to the chain, and never twice: an envelope is on disk before it is sent, only those bytes are
 * sent again, and another is made only when the chain has proven that they can no longer land.
 */
export type BatchSender = {
  /** One step. `done` and `again` ask for the next step at once, `wait` for one after a pause. */
  step(batch: BatchRow, signal?: AbortSignal): Promise<StepResult>;
  /** A person has looked: one more envelope although several of this batch have failed on chain. */
  insist(batchId: number): void;
  /** The batch is taken apart; its id may be given out again. */
  forget(batchId: number): void;
};

export type StepResult =
  | { next: 'done' }
  | { next: 'again' }
  | { next: 'wait'; waitingFor: string }
  /** No envelope of it can land any more, and none will: it asks more than the network allows. */
  | { next: 'too_large'; reason: string }
  /** A person has to look. Nothing is sent for this lane any more. */
  | { next: 'halt'; reason: string; foreign: boolean };

export type BatchSenderDeps = Omit<SettledSearchDeps, 'rpc' | 'batches'> & {
  rpc: Pick<Rpc, 'verifyNetwork' | 'transaction' | 'send' | 'events' | 'health'>;
  vault: Pick<Vault, 'buildSettle' | 'lastBatch' | 'settings'> & SettledSearchDeps['vault'];
  batches: Pick<Store['batches'], 'lines' | 'envelopes' | 'recordEnvelope' | 'endEnvelope' | 'reopen'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  confirm: (settled: SettledOnChain) => ConfirmResult;
  /** Why the vault is not one to settle with now: its code is not understood. */
  strange?: () => string | undefined;
  /** Resolves when everything written is on disk; rejects for good once the disk is in doubt. */
  sync: () => Promise<void>;
  clock: Clock;
  log: Log;
  operatorSecret: string;
  feeMaxStroops: number;
};

/** Envelopes of one batch that may fail on chain before a person has to look. */
const failuresMax = 3;

/** Pause before the same bytes are sent again, ms: about one ledger. */
const resendMs = 5_000;

export function createBatchSender(deps: BatchSenderDeps): BatchSender {
  const { rpc, vault, batches, clock, log } = deps;
  /** Newest ledger any answer about a lane has shown: an older one comes from a server that lags, and proves nothing. */
  const newestLedgers = new Map<number, number>();
  const sentAtMs = new Map<string, number>();
  const absences = new Map<string, number>();
  const insisted = new Set<number>();
  /** What the network last said against a batch as such, by batch id. */
  const objections = new Map<number, string>();

  async function submit(batch: BatchRow, signal?: AbortSignal): Promise<StepResult> {
    const past = batches.envelopes(batch.id);
    const failed = past.filter((envelope) => envelope.state === 'failed');
    if (failed.length >= failuresMax && !insisted.delete(batch.id)) {
      return {
        next: 'halt',
        reason: `${failed.length} envelopes of batch ${batch.batch} failed on chain`,
        foreign: false,
      };
    }
    const objection = objections.get(batch.id);
    if (objection !== undefined) return { next: 'too_large', reason: objection };
    const strange = deps.strange?.();
    if (strange !== undefined) return wait(`another vault: ${strange}`);
    requireMove(batch, 'record');
    await rpc.verifyNetwork(signal);
    const { lane, root } = batch;
    const lines = inVaultOrder(batches.lines(batch.id));
    const excess = excessOf(lines, await vault.settings(signal));
    if (excess) return { next: 'too_large', reason: excess };
    const { operatorSecret, feeMaxStroops } = deps;
    const keys = { operatorSecret, channelSecret: channelSecret(operatorSecret, lane) };
    const options = { ...keys, feeMaxStroops, attempt: past.length };
    const built = await vault.buildSettle({ lane, batch: batch.batch, root, lines }, options, signal);
    if (!built.ok) return refused(batch, built.reason, built.detail, signal);

    const { hash, innerHash, envelopeXdr, sequence, maxTimeS } = built.transaction;
    const createdAtMs = clock.nowMs();
    const envelope = { hash, innerHash, envelopeXdr, sequence, maxTimeS, createdAtMs };
    await batches.recordEnvelope(batch.id, envelope);
    log.info({ lane, batch: batch.batch, hash, maxTimeS, bytes: built.bytes }, 'batch submitted');
    return send(batch, envelope, signal);
  }

  /** The vault would not take the call: either it has the batch already, or it is paused, or something is wrong. */
  async function refused(
    batch: BatchRow,
    reason: string | undefined,
    detail: string,
    signal?: AbortSignal,
  ): Promise<StepResult> {
    if (reason === 'wrong_batch') return compareWithLane(batch, signal);
    if (reason === 'no_source' && batch.lane > 0) return wait(`the channel account of lane ${batch.lane}`);
    if (reason === 'settle_paused') return wait('the vault to be unpaused');
    if (detail.includes('WasmVm, MissingValue')) throw new Error('the vault has no settle: its code was changed');
    if (detail.includes('ExceededLimit')) return { next: 'too_large', reason: firstLineOf(detail) };
    noteObjection(deps, batch, `the vault refuses it: ${reason ?? firstLineOf(detail)}`);
    throw new Error(`the vault refuses batch ${batch.batch}: ${reason ?? detail.slice(0, 500)}`);
  }

  async function send(
    batch: BatchRow,
    envelope: Pick<EnvelopeRow, 'hash' | 'envelopeXdr'>,
    signal?: AbortSignal,
  ): Promise<StepResult> {
    // Also what an earlier turn wrote: a chain that knows a batch which the next start does not would halt the lane.
    await deps.sync();
    sentAtMs.set(envelope.hash, clock.monotonicMs());
    try {
      const answer = await rpc.send(envelope.envelopeXdr, signal);
      if (answer.status === 'TRY_AGAIN_LATER') noteObjection(deps, batch, answer.status);
      if (answer.status !== 'ERROR') return wait(`transaction ${envelope.hash} (${answer.status})`);
      // No verdict either: bad_seq is also the answer to bytes that have landed. Only the hash and the lane decide.
      const objection = resultName(answer.errorResultXdr);
      // Said of what it declares, before anything runs: it holds for as long as the envelope is the same.
      if (objection === 'txSorobanInvalid') objections.set(batch.id, objection);
      noteObjection(deps, batch, objection);
      log.warn({ hash: envelope.hash, objection }, 'the network objects to the settlement envelope');
      return wait(`transaction ${envelope.hash} to land or expire (${objection})`);
    } catch (error) {
      if (!isTransportFailure(error)) throw error;
      return wait(`the answer about transaction ${envelope.hash}`);
    }
  }

  async function advance(batch: BatchRow, signal?: AbortSignal): Promise<StepResult> {
    const live = batches.envelopes(batch.id).find((envelope) => envelope.state === 'live');
    if (!live) {
      // Ended, and then the process did: what is left of that step.
      batches.reopen(batch.id);
      return { next: 'again' };
    }
    await rpc.verifyNetwork(signal);
    const answer = await rpc.transaction(live.hash, signal);
    refuseLagging(batch.lane, answer.latestLedger);
    const late = answer.status === 'NOT_FOUND' && answer.latestClosedAtS > live.maxTimeS;
    const absentAfterMaxTime = late ? (absences.get(live.hash) ?? 0) + 1 : 0;
    absences.set(live.hash, absentAfterMaxTime);
    const { maxTimeS } = live;
    const sight = { status: answer.status, latestClosedAtS: answer.latestClosedAtS, maxTimeS, absentAfterMaxTime };
    switch (judgeEnvelope(sight)) {
      case 'landed':
        return landed(batch, live.hash, answer, signal);
      case 'failed':
        return failed(batch, live.hash, answer);
      case 'may_land': {
        const due = clock.monotonicMs() - (sentAtMs.get(live.hash) ?? Number.NEGATIVE_INFINITY) >= resendMs;
        return due ? send(batch, live, signal) : wait(`transaction ${live.hash}`);
      }
      case 'look_again':
        return wait(`a second look at transaction ${live.hash}`);
      case 'absent':
        return absent(batch, live.hash, answer, signal);
    }
  }

  async function landed(batch: BatchRow, hash: string, answer: TransactionAnswer, signal?: AbortSignal) {
    if (answer.status !== 'SUCCESS') throw new Error('only a successful transaction has landed');
    const told = answer.contractEventsXdr && findSettled(answer.contractEventsXdr, vault.address);
    const closedAtMs = answer.closedAtS * 1000;
    if (told) return settled(batch, { ...told, ledger: answer.ledger, txHash: hash, closedAtMs });
    return settledIn(batch, answer.ledger, signal);
  }

  function failed(batch: BatchRow, hash: string, answer: TransactionAnswer): StepResult {
    const reason = answer.status === 'FAILED' ? resultName(answer.resultXdr) : '';
    if (answer.status === 'FAILED' && ranOut(answer.resultXdr))
      objections.set(batch.id, 'it ran out of what it may use');
    log.error({ lane: batch.lane, batch: batch.batch, hash, reason }, 'the settlement envelope failed on chain');
    noteObjection(deps, batch, `failed on chain: ${reason}`);
    giveUp(batch, hash, 'failed');
    return { next: 'again' };
  }

  /** The hash is gone for good. The lane has the last word: a server's memory is shorter than the vault's. */
  async function absent(batch: BatchRow, hash: string, answer: TransactionAnswer, signal?: AbortSignal) {
    const lane = await vault.lastBatch(batch.lane, signal);
    if (lane.seenLedger < answer.latestLedger) return wait('a server that does not lag behind');
    if (lane.batch >= batch.batch) return compareWithLane(batch, signal);
    log.warn({ lane: batch.lane, batch: batch.batch, hash }, 'the settlement envelope expired; it is made anew');
    noteObjection(deps, batch, 'expired before it landed');
    giveUp(batch, hash, 'expired');
    return { next: 'again' } satisfies StepResult;
  }

  /** The vault has this batch, or another in its place. */
  async function compareWithLane(batch: BatchRow, signal?: AbortSignal): Promise<StepResult> {
    const lane = await vault.lastBatch(batch.lane, signal);
    refuseLagging(batch.lane, lane.seenLedger);
    if (lane.batch === batch.batch && lane.root === batch.root) return settledIn(batch, lane.ledger, signal);
    if (lane.batch >= batch.batch) {
      const reason = `the vault holds batch ${lane.batch} of lane ${batch.lane}, not our batch ${batch.batch}`;
      return { next: 'halt', reason, foreign: true };
    }
    throw new Error(`the vault is at batch ${lane.batch} of lane ${batch.lane}, before our batch ${batch.batch}`);
  }

  async function settledIn(batch: BatchRow, ledger: number, signal?: AbortSignal): Promise<StepResult> {
    const found: SettledSearch = await searchSettled(deps, batch, ledger, signal);
    return found.ok ? settled(batch, found.settled) : { next: 'halt', reason: found.reason, foreign: false };
  }

  function settled(batch: BatchRow, told: SettledOnChain): StepResult {
    const result = deps.confirm(told);
    if (result === 'foreign_root') {
      return { next: 'halt', reason: `another root stands under batch ${batch.batch}`, foreign: true };
    }
    for (const envelope of batches.envelopes(batch.id)) forget(envelope.hash);
    objections.delete(batch.id);
    return { next: 'done' };
  }

  /** Only for an envelope that is proven unable to land: the batch may then be signed again. */
  function giveUp(batch: BatchRow, hash: string, as: 'failed' | 'expired'): void {
    requireMove(batch, 'unlandable');
    forget(hash);
    batches.endEnvelope(hash, as);
    batches.reopen(batch.id);
  }

  function refuseLagging(lane: number, latestLedger: number): void {
    const newestLedger = newestLedgers.get(lane) ?? 0;
    if (latestLedger < newestLedger) {
      throw new RpcError('lagging', `the RPC is at ledger ${latestLedger}, but was at ${newestLedger} before`);
    }
    newestLedgers.set(lane, latestLedger);
  }

  function forget(hash: string): void {
    sentAtMs.delete(hash);
    absences.delete(hash);
  }

  return {
    step: (batch, signal) => (batch.state === 'sealed' ? submit(batch, signal) : advance(batch, signal)),
    insist(batchId) {
      insisted.add(batchId);
      objections.delete(batchId);
    },
    forget(batchId) {
      insisted.delete(batchId);
      objections.delete(batchId);
    },
  };
}

/** Limits of the network that were lowered after the batch was sealed. */
function excessOf(lines: readonly BatchLineRow[], settings: NetworkSettings): string | undefined {
  const size = sizeOf(lines);
  const { entriesMax, linesMax } = batchBounds(settings, Number.POSITIVE_INFINITY);
  if (size.entriesMax <= entriesMax && size.linesMax <= linesMax) return undefined;
  return `${size.entriesMax} entries and ${size.linesMax} lines, where the network now allows ${entriesMax} and ${linesMax}`;
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

function wait(waitingFor: string): StepResult {
  return { next: 'wait', waitingFor };
}

function requireMove(batch: BatchRow, event: BatchEvent): void {
  if (nextBatchState(batch.state, event)) return;
  throw new Error(`batch ${batch.id} is ${batch.state}: "${event}" must not happen`);
}
