import type { AccountSlot } from '../billing/ledger.ts';
import { counted } from '../counted.ts';
import { createLoop, type Loop } from '../loop.ts';
import { beganLate } from '../settlement/adoption.ts';
import { differingFromChain } from '../settlement/chain-counters.ts';
import { differingSettlements } from '../settlement/settled-check.ts';
import type { Core } from './core.ts';
import { breakBooks } from './observe.ts';

/** How often a part of the accounts is compared with the vault. */
const chainCheckMs = 60_000;

/** Accounts of one turn: ten questions to the RPC server a minute; 10,000 accounts come round in five. */
export const accountsAtOnceMax = 2_000;

/** What differs is asked for so often before it is believed, with a ledger's time between. */
const looksMax = 3;
const betweenLooksMs = 5_000;

/**
 * Compares what the books hold of each account with the vault, a part of them at a time. What neither an event nor a
 * settlement of ours explains ends sales, like any broken identity; so do payees' earnings, lanes and chain values, all of
 * them each time. While the books are brought up to the vault there is nothing to compare.
 */
export function chainCheckLoop(core: Core): Loop {
  const { clock, log, ledger, watcher, witness } = core;
  let from = 0;

  function part(): AccountSlot[] {
    const slots: AccountSlot[] = [];
    let place = 0;
    for (const slot of ledger.accounts()) {
      if (slot.deposited === 0n || place++ < from) continue;
      slots.push(slot);
      if (slots.length === accountsAtOnceMax) break;
    }
    return slots;
  }

  const deps = {
    vault: witness,
    clock,
    async catchUp(signal?: AbortSignal) {
      while (await watcher.turn(signal)) signal?.throwIfAborted();
    },
    seenLedger: () => watcher.state().lastLedger,
  };

  /** Only what every look finds is believed: one between two settlements may see a part of either. */
  async function compareSettlements(signal?: AbortSignal): Promise<void> {
    const { store, facts, rootChain } = core;
    const { payouts, batches, meta } = store;
    const incomplete = store.restored.state() !== 'never' || beganLate(meta, facts.lanes);
    const of = { ...deps, payouts, batches, meta, rootChain, lanes: facts.lanes, incomplete };
    let off = await differingSettlements(of, signal);
    for (let look = 1; look < looksMax && off.size > 0; look++) {
      await clock.sleep(betweenLooksMs, signal);
      const now = await differingSettlements(of, signal);
      off = new Map([...now].filter(([subject]) => off.has(subject)));
    }
    core.settledCheck = { atMs: clock.nowMs(), differences: off.size };
    for (const [subject, what] of off) log.error({ subject }, what);
    if (off.size === 0) return;
    const parts = [...off.keys()].join(', ');
    breakBooks(core, 'settlements equal vault', `books and vault disagree on ${parts}: callora reconcile`);
  }

  return createLoop({
    name: 'chain check',
    intervalMs: chainCheckMs,
    aside: true,
    clock,
    log,
    async turn(signal) {
      if (core.restoring || !core.settler.standing().synced || !watcher.health().caughtUp) return false;
      const slots = part();
      await witness.verifyNetwork(signal);
      let off = await differingFromChain(deps, slots, signal);
      for (let look = 1; look < looksMax && off.length > 0; look++) {
        await clock.sleep(betweenLooksMs, signal);
        off = await differingFromChain(deps, off, signal);
      }
      from = slots.length < accountsAtOnceMax ? 0 : from + slots.length;
      core.chainCheck = { atMs: clock.nowMs(), differences: off.length };
      for (const { address, deposited, settled, withdrawn, requested } of off) {
        const books = { deposited, settled, withdrawn, requested };
        log.error({ address, ...texts(books) }, 'the vault counts another sum for this account than the books');
      }
      if (off.length > 0) {
        breakBooks(
          core,
          'accounts equal vault',
          `books and vault disagree on ${counted(off.length, 'account')}: callora reconcile`,
        );
      }
      await compareSettlements(signal);
      return false;
    },
  });
}

function texts(amounts: Record<string, bigint>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
}
