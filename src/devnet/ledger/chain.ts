/** The network itself: its ledger, its queue, its history and its time. Everything here is synchronous. */
import { hash, xdr } from '@stellar/stellar-sdk';
import type { Clock } from '../../clock.ts';
import { newAccount } from './balances.ts';
import { type ClosedLedger, closeLedger } from './close.ts';
import { createEntryStore, type EntryStore, type EntryView } from './entries.ts';
import { readEnvelope, type SignedTransaction } from './envelope.ts';
import { genesisHeader, TOTAL_COINS_STROOPS } from './header.ts';
import { createHistory, type History } from './history.ts';
import { usualBaseFees } from './meta.ts';
import { createMishaps } from './mishap.ts';
import type { Network } from './network.ts';
import { createQueue, type QueueAnswer, type TransactionQueue } from './queue.ts';
import { type LedgerRecord, ledgerRecord } from './records.ts';
import type { LedgerMoment } from './sequence.ts';
import { createStage } from './stage.ts';
import { createViewedHost, type ViewedHost, writeSettings } from './viewed-host.ts';

export type Chain = {
  readonly network: Network;
  /** The last closed ledger's entries. */
  readonly entries: EntryView & Pick<EntryStore, 'keys' | 'ownedKeys'>;
  readonly history: History;
  readonly host: ViewedHost;
  /** Throws XdrError when the bytes are no envelope. */
  read(envelope: Uint8Array): SignedTransaction;
  submit(signed: SignedTransaction, inRow?: boolean): QueueAnswer;
  /** What waits for the next ledger; a transaction that leaves it without being in a ledger was dropped. */
  readonly waiting: Pick<TransactionQueue, 'isWaiting' | 'lastNumber' | 'setFloor'>;
  closeLedger(): LedgerRecord;
  /** Called after each close, in order of registration; the returned function ends it. */
  onClosed(listener: (closed: ClosedLedger) => void): () => void;
  /** The ledger that would be closed now. */
  nextMoment(): LedgerMoment;
  /** 32 bytes, never the same. */
  freshSeed(): Uint8Array;
  /** Moves this network's time ahead of the clock's for good. */
  advanceTime(seconds: number): void;
  /** While frozen, accepted transactions wait until `closeLedger` is called by hand. */
  freeze(frozen: boolean): void;
  readonly frozen: boolean;
  /** The next so many transactions fail in their ledger, whatever they are. */
  failNext(count: number): void;
};

export type ChainOptions = {
  network: Network;
  hostModule: WebAssembly.Module;
  clock: Clock;
  /** Close a ledger for each accepted transaction. */
  automine: boolean;
  journal?: ChainJournal | undefined;
};

/** Where a network is kept that is to go on after a restart. */
export type ChainJournal = {
  /** Fills store and history with what was kept; undefined when nothing was. */
  load(into: { store: EntryStore; history: History }): { timeAheadS: number } | undefined;
  /** Keeps a ledger, genesis first. */
  append(closed: ClosedLedger): void;
  /** Keeps how far the network's time is ahead. */
  ahead(seconds: number): void;
};

export function createChain({ network, hostModule, clock, automine, journal }: ChainOptions): Chain {
  const store = createEntryStore();
  const history = createHistory();
  const host = createViewedHost(hostModule, network);
  const loaded = journal?.load({ store, history });
  let timeAheadS = loaded?.timeAheadS ?? 0;
  const mishaps = createMishaps();
  let seedsGiven = 0n;
  let frozen = false;
  const nowS = () => Math.floor(clock.nowMs() / 1000) + timeAheadS;
  if (!loaded) {
    const genesis = genesisLedger(network, store, host.protocolVersion, nowS());
    history.add(genesis.record);
    journal?.append(genesis);
  }
  const queue = createQueue({ view: store, host });
  const listeners = new Set<(closed: ClosedLedger) => void>();

  /** Ledgers may share a second but never go back, even if the clock does. */
  function nextMoment(): LedgerMoment {
    const latest = history.latest();
    return { sequence: latest.sequence + 1, closeTimeS: Math.max(latest.closeTimeS, nowS()) };
  }

  function close(): LedgerRecord {
    const moment = nextMoment();
    const previous = history.latest().closed;
    const closed = closeLedger({ store, network, host, mishaps }, previous, queue.take(moment), moment.closeTimeS);
    history.add(closed.record);
    journal?.append(closed);
    for (const listener of listeners) listener(closed);
    return closed.record;
  }

  return {
    network,
    entries: store,
    history,
    host,
    read: (envelope) => readEnvelope(envelope, network),
    submit(signed, inRow) {
      const answer = queue.add(signed, nextMoment(), inRow);
      if (automine && !frozen && answer.status === 'PENDING') close();
      return answer;
    },
    waiting: queue,
    closeLedger: close,
    onClosed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    nextMoment,
    freshSeed() {
      const count = Buffer.alloc(8);
      count.writeBigUInt64BE(seedsGiven++);
      return hash(Buffer.concat([history.latest().closed.hash, count]));
    },
    advanceTime(seconds) {
      if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError('time only goes forward, in seconds');
      timeAheadS += seconds;
      journal?.ahead(timeAheadS);
    },
    freeze(wanted) {
      frozen = wanted;
    },
    get frozen() {
      return frozen;
    },
    failNext: mishaps.failNext,
  };
}

function genesisLedger(network: Network, store: EntryStore, protocolVersion: number, closeTimeS: number): ClosedLedger {
  const stage = createStage(store, 1);
  writeSettings(stage);
  stage.write(xdr.LedgerEntryData.account(newAccount(network.root.xdrPublicKey(), TOTAL_COINS_STROOPS, 0)));
  const changes = stage.changes();
  stage.commit();
  const closed = genesisHeader(network, protocolVersion, closeTimeS);
  return {
    record: ledgerRecord({ sequence: 1, closeTimeS, closed, transactions: [], baseFees: usualBaseFees }),
    changes,
  };
}
