import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Units } from '../money.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import { type BatchBounds, batchBounds, sizeOf, times } from '../stellar/settle-transaction.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { BatchRow } from '../store/batches.ts';
import { laneOf } from '../store/lane-of.ts';
import type { SealRequest } from '../store/seal-proposal.ts';
import type { Store } from '../store/store.ts';
import { signLifeMaxLedgers } from './adoption.ts';
import { createAgeMarks } from './age-marks.ts';
import { type BatchSenderDeps, createBatchSender, type StepResult } from './batch-sender.ts';
import { Hurry } from './hurry.ts';
import { type LaneSyncDeps, syncLane } from './lane-sync.ts';
import { lastObjection, type Objection } from './last-objection.ts';
import { createPartition } from './partition.ts';
import { betweenPartsMs, type SealBatchDeps, sealBatch } from './seal-batch.ts';

/** Seals usage into batches and brings them to the chain, lane by lane, one batch in flight per lane. */
export type Settler = {
  /** One step of every lane; true when there is more to do at once. Never runs twice at a time. */
  turn(signal?: AbortSignal): Promise<boolean>;
  /**
   * Seals all that is finished, whatever its amount, and stays until the chain has it or `timeoutMs` is over. A lane that
   * was halted after failures gets one more try.
   */
  settleNow(options?: { timeoutMs?: number }, signal?: AbortSignal): Promise<SettleReport>;
  /** A withdrawal request or a cut of a limit was seen, of an account with so much unsettled. */
  hurry(account: string, unsettled: Units): void;
  /** Runs `work` while no envelope of the operator's account is being made or may still land; undefined when one may. */
  whileIdle<T>(work: () => Promise<T>): Promise<T | undefined>;
  status(): SettlerStatus;
  /** What decides whether calls may be sold, at no cost: it is asked on every call. */
  standing(): { foreign: boolean; synced: boolean };
};

export type SettlerStatus = {
  lanes: LaneStatus[];
  /** A batch on chain is not ours: nothing may be served. */
  foreign: boolean;
  /** Every lane agrees with the chain. Until then, nothing may be served either. */
  synced: boolean;
};

export type LaneStatus = {
  lane: number;
  batch: number | undefined;
  state: BatchRow['state'] | 'idle' | 'halted';
  /** What the lane is waiting for, or why it was halted. */
  waitingFor: string | undefined;
  /** What the network said last against this batch, if it did. */
  objection?: Objection | undefined;
};

export type SettleReport = {
  done: boolean;
  /** Batches that were confirmed meanwhile. */
  confirmed: { lane: number; batch: number; total: Units; ledger: number; txHash: string }[];
  waitingFor: string | undefined;
};

export type SettlementRules = {
  intervalMs: number;
  minTotal: Units;
  ageMaxMs: number;
  /** Accounts + payees in one batch, at most; the network's limits tighten it. */
  entriesMax: number;
};

export type SettlerDeps = BatchSenderDeps &
  LaneSyncDeps &
  SealBatchDeps & {
    vault: BatchSenderDeps['vault'] & Pick<Vault, 'settings'>;
    batches: Store['batches'];
    clock: Clock;
    log: Log;
    rules: SettlementRules;
    limitPeriodS: number;
    /** Close time of the newest ledger seen, s. */
    chainTimeS: () => number;
    /** Among how many lanes accounts are shared out, each with one batch in flight; 1 by default. */
    lanes?: number;
    /** Whether every lane has its channel account. */
    channelsReady?: () => boolean;
    /** Newest ledger that was watched. */
    seenLedger: () => number;
    sync: () => Promise<void>;
  };

type Lane = {
  lane: number;
  synced: boolean;
  triedAtMs: number;
  /** The last batch was full, or the books moved under the last choice: the next one is not waited for. */
  goesOn: boolean;
  /** Bounds of its batches while what it sealed lately was more than the network takes. */
  atMost: BatchBounds | undefined;
  /** A batch that is to be made smaller is taken apart in this ledger at the earliest. */
  apartFromLedger: number | undefined;
  /** Somebody wants out. */
  hurry: Hurry;
  waitingFor: string | undefined;
  halted: { reason: string; foreign: boolean } | undefined;
};

export function createSettler(deps: SettlerDeps): Settler {
  const { batches, clock, log, rules } = deps;
  const sender = createBatchSender(deps);
  const ages = createAgeMarks({ clock, ageMaxMs: rules.ageMaxMs, newest: batches.newestWaiting });
  const wanted = deps.lanes ?? 1;
  const partition = createPartition({ meta: deps.meta, batches, wanted, ready: deps.channelsReady ?? (() => true) });
  const highest = Math.max(wanted - 1, partition.lanes() - 1, ...batches.open().map(({ lane }) => lane));
  const lanes: Lane[] = Array.from({ length: highest + 1 }, (_, lane) => ({
    lane,
    synced: false,
    triedAtMs: clock.monotonicMs(),
    goesOn: false,
    atMost: undefined,
    apartFromLedger: undefined,
    hurry: new Hurry({ clock, meta: deps.meta, lane }, rules),
    waitingFor: undefined,
    halted: undefined,
  }));
  let queue: Promise<unknown> = Promise.resolve();

  /** One piece of work at a time: two turns could build two envelopes with one sequence number. */
  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work, work);
    queue = result.catch(() => undefined);
    return result;
  }

  async function laneTurn(lane: Lane, force: boolean, signal?: AbortSignal): Promise<boolean> {
    ages.note();
    lane.hurry.keep();
    if (lane.halted) return false;
    if (!lane.synced) {
      const sync = await syncLane(deps, lane.lane, signal);
      if (sync.next === 'halt') return halt(lane, sync);
      if (sync.next === 'adopting') {
        lane.waitingFor = sync.waitingFor;
        return false;
      }
      lane.synced = true;
    }
    const open = await wholeBatch(lane.lane, signal);
    if (!open && !partition.maySeal(lanes.some(({ halted }) => halted !== undefined))) {
      lane.waitingFor = 'batches that were shared out among another number of lanes';
      return false;
    }
    const batch = open ?? (lane.lane < partition.lanes() ? await seal(lane, force, signal) : undefined);
    if (!batch) {
      // More waits than was chosen, or what was chosen kept changing: the next turn goes on.
      lane.waitingFor = lane.goesOn ? 'the charges that no batch has taken yet' : undefined;
      return false;
    }
    return follow(lane, batch, await sender.step(batch, signal), signal);
  }

  async function follow(lane: Lane, batch: BatchRow, result: StepResult, signal?: AbortSignal): Promise<boolean> {
    // Signed again, or landed: the wait belongs to what was signed last.
    if (result.next !== 'too_large') lane.apartFromLedger = undefined;
    switch (result.next) {
      case 'done':
        lane.waitingFor = undefined;
        lane.atMost = lane.atMost && times(lane.atMost, 2);
        return true;
      case 'again':
        lane.waitingFor = undefined;
        return true;
      case 'wait':
        lane.waitingFor = result.waitingFor;
        return false;
      case 'too_large':
        return takeApart(lane, batch, result.reason, signal);
      case 'halt':
        return halt(lane, result);
    }
  }

  /** None of its envelopes can land: its charges wait for a batch of half the size, under the same number. */
  async function takeApart(lane: Lane, batch: BatchRow, why: string, signal?: AbortSignal): Promise<boolean> {
    const lines = batches.lines(batch.id);
    const [only] = lines;
    if (only && lines.length === 1) {
      const { account, payee } = only;
      const reason = `one line is more than the network takes: ${account} to ${payee}, batch ${batch.batch} (${why})`;
      return halt(lane, { reason, foreign: false });
    }
    if (lane.lane > 0 && batches.envelopes(batch.id).length > 0) {
      // What the operator has signed for a channel could be sent by whoever has seen it, until its last ledger.
      lane.apartFromLedger ??= deps.seenLedger() + signLifeMaxLedgers;
      if (deps.seenLedger() < lane.apartFromLedger) {
        lane.waitingFor = `ledger ${lane.apartFromLedger}, to make batch ${batch.batch} smaller (${why})`;
        return false;
      }
    }
    lane.apartFromLedger = undefined;
    log.warn({ lane: lane.lane, batch: batch.batch, lines: lines.length, why }, 'the batch is made smaller');
    // Before the parts: should one of them fail, the next turn finishes the rest, and its number may be another batch's then.
    sender.forget(batch.id);
    lane.atMost = times(sizeOf(lines), 0.5);
    lane.goesOn = true;
    await unsealInParts(batch.id, signal);
    return true;
  }

  function halt(lane: Lane, { reason, foreign }: { reason: string; foreign: boolean }): boolean {
    lane.halted = { reason, foreign };
    log.error({ lane: lane.lane, reason, foreign }, 'settlement of this lane is halted until a person has looked');
    return false;
  }

  async function seal(lane: Lane, force: boolean, signal?: AbortSignal): Promise<BatchRow | undefined> {
    const forced = force || lane.hurry.isOn;
    const dueAtMs = lane.triedAtMs + rules.intervalMs;
    if (!forced && !lane.goesOn && clock.monotonicMs() < dueAtMs) return undefined;
    lane.triedAtMs = clock.monotonicMs();
    const bounds = batchBounds(await deps.vault.settings(signal), rules.entriesMax);
    // It may have been asked since.
    const hurried = lane.hurry.take();
    const request: SealRequest = {
      lane: lane.lane,
      nowMs: clock.nowMs(),
      ageMaxMs: rules.ageMaxMs,
      unfinishedUpTo: ages.beganBefore(),
      minTotal: rules.minTotal,
      force: forced || hurried,
      entriesMax: Math.min(bounds.entriesMax, lane.atMost?.entriesMax ?? bounds.entriesMax),
      linesMax: Math.min(bounds.linesMax, lane.atMost?.linesMax ?? bounds.linesMax),
      period: Math.floor(deps.chainTimeS() / deps.limitPeriodS),
      lanes: partition.lanes(),
    };
    try {
      const { sealed, full } = await sealBatch(deps, request, signal);
      lane.goesOn = full;
      if (full && hurried) lane.hurry.again();
      if (!sealed) return undefined;
      await deps.sync();
      const { batch, root, total, leaves, lines } = sealed;
      log.info({ lane: lane.lane, batch, root, total: total.toString(), leaves, lines: lines.length }, 'batch sealed');
      return openBatch(lane.lane);
    } catch (error) {
      // What could not be chosen leaves it as it was: nobody's hurry is over before all that waited is in a batch.
      if (hurried) lane.hurry.again();
      throw error;
    }
  }

  /** An operator asks: a lane that gave up gets one more try; a foreign batch stays what it is. */
  function insist(lane: Lane): void {
    if (!lane.halted || lane.halted.foreign) return;
    const batch = openBatch(lane.lane);
    if (batch) sender.insist(batch.id);
    lane.halted = undefined;
  }

  /** The open batch; one whose filing or taking apart was broken off, by a lock that another held for too long, is taken apart. */
  async function wholeBatch(lane: number, signal?: AbortSignal): Promise<BatchRow | undefined> {
    const batch = openBatch(lane);
    if (batch?.state !== 'sealed' || batches.isWhole(batch.id)) return batch;
    await unsealInParts(batch.id, signal);
    return undefined;
  }

  /** Calls go on between two parts, as they do while a batch is filed. */
  async function unsealInParts(batchId: number, signal?: AbortSignal): Promise<void> {
    while (batches.unsealPart(batchId) === 'more') await clock.sleep(betweenPartsMs, signal);
  }

  /** A lane may be halted for days over a batch whose envelope has long had its time: nobody else waits for that. */
  function anyMayLand(): boolean {
    // The other lanes have a sequence number of their own.
    const submitted = batches.open().filter((batch) => batch.lane === 0 && batch.state === 'submitted');
    const live = submitted.flatMap((batch) => batches.envelopes(batch.id)).filter(({ state }) => state === 'live');
    return live.some((envelope) => envelope.maxTimeS >= deps.chainTimeS());
  }

  function openBatch(lane: number): BatchRow | undefined {
    return batches.open().find((batch) => batch.lane === lane);
  }

  async function allLanes(force: boolean, signal?: AbortSignal): Promise<boolean> {
    let more = false;
    const failures: unknown[] = [];
    for (const lane of lanes) {
      try {
        more = (await laneTurn(lane, force, signal)) || more;
      } catch (error) {
        lane.waitingFor = error instanceof Error ? error.message : String(error);
        // Nothing has failed: after an outage the watcher reads on, and then the answer is believed.
        if (!(error instanceof RpcError && error.failure === 'ahead')) failures.push(error);
      }
    }
    // Every lane had its turn before the first failure is reported.
    if (failures.length > 0) throw failures[0];
    return more;
  }

  function standing() {
    return {
      foreign: lanes.some((lane) => lane.halted?.foreign === true),
      synced: lanes.every((lane) => lane.synced),
    };
  }

  function status(): SettlerStatus {
    return {
      lanes: lanes.map(({ lane, halted, waitingFor }) => {
        const open = openBatch(lane);
        const state = halted ? 'halted' : (open?.state ?? 'idle');
        const objection = open && lastObjection(deps.meta, open);
        return { lane, batch: open?.batch, state, waitingFor: halted?.reason ?? waitingFor, objection };
      }),
      ...standing(),
    };
  }

  async function settleNow({ timeoutMs = 60_000 }: { timeoutMs?: number } = {}, signal?: AbortSignal) {
    const endMs = clock.monotonicMs() + timeoutMs;
    for (const lane of lanes) insist(lane);
    const newest = batches.list({ limit: 1 })[0]?.id ?? 0;
    const wasOpen = new Set(batches.open().map((batch) => batch.id));
    const confirmed = () =>
      batches
        .list({ limit: 1_000 })
        .filter((batch) => batch.state === 'confirmed' && (batch.id > newest || wasOpen.has(batch.id)));
    for (;;) {
      const more = await exclusive(() => allLanes(true, signal)).catch(() => false);
      const waiting = status().lanes.find((lane) => lane.state !== 'idle' || lane.waitingFor !== undefined);
      if (!more && !waiting) return report(true, confirmed(), undefined);
      if (clock.monotonicMs() >= endMs || waiting?.state === 'halted' || signal?.aborted) {
        return report(false, confirmed(), waiting?.waitingFor ?? 'the next turn');
      }
      if (!more) await clock.sleep(pollMs, signal);
    }
  }

  return {
    turn: (signal) => exclusive(() => allLanes(false, signal)),
    settleNow,
    hurry: (account, unsettled) => lanes[laneOf(account, partition.lanes())]?.hurry.ask(unsettled),
    whileIdle: (work) => exclusive(async () => (anyMayLand() ? undefined : work())),
    status,
    standing,
  };
}

/** Pause between two looks at the chain while somebody waits, ms. */
const pollMs = 250;

function report(done: boolean, batches: BatchRow[], waitingFor: string | undefined): SettleReport {
  return {
    done,
    waitingFor,
    confirmed: batches
      .map(({ lane, batch, total, ledger, txHash }) => ({
        lane,
        batch,
        total,
        ledger: ledger ?? 0,
        txHash: txHash ?? '',
      }))
      .reverse(),
  };
}
