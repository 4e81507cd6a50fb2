/** The network itself: its ledger, its queue, its history and its time. Everything here is synchronous. */
import { hash, xdr } from '@stellar/stellar-sdk';
import type { Clock } from '../../clock.ts';
import { newAccount } from './balances.ts';
import { closeLedger } from './close.ts';
import { createEntryStore, type EntryStore, type EntryView, keyOfEntry } from './entries.ts';
import { readEnvelope, type SignedTransaction } from './envelope.ts';
import { genesisHeader, TOTAL_COINS_STROOPS } from './header.ts';
import { createHistory, type History } from './history.ts';
import { transactionSet } from './meta.ts';
import type { Network } from './network.ts';
import { createQueue, type QueueAnswer } from './queue.ts';
import type { LedgerRecord } from './records.ts';
import type { LedgerMoment } from './sequence.ts';
import { createViewedHost, type ViewedHost, writeSettings } from './viewed-host.ts';

export type Chain = {
  readonly network: Network;
  /** The last closed ledger's entries. */
  readonly entries: EntryView & Pick<EntryStore, 'keys'>;
  readonly history: History;
  readonly host: ViewedHost;
  /** Throws XdrError when the bytes are no envelope. */
  read(envelope: Uint8Array): SignedTransaction;
  submit(signed: SignedTransaction, inRow?: boolean): QueueAnswer;
  closeLedger(): LedgerRecord;
  /** Called after each close, in order of registration; the returned function ends it. */
  onClosed(listener: (record: LedgerRecord) => void): () => void;
  /** The ledger that would be closed now. */
  nextMoment(): LedgerMoment;
  /** 32 bytes, never the same. */
  freshSeed(): Uint8Array;
  /** Moves this network's time ahead of the clock's for good. */
  advanceTime(seconds: number): void;
  /** All that has to be kept to go on after a restart. */
  readonly kept: KeptState;
};

export type KeptState = {
  readonly store: EntryStore;
  timeAheadS: number;
  seedsGiven: number;
};

export type ChainOptions = {
  network: Network;
  hostModule: WebAssembly.Module;
  clock: Clock;
  /** Close a ledger for each accepted transaction. */
  automine: boolean;
  /** Fills the store and history of a network that goes on; otherwise it begins with genesis. */
  restore?: (into: { store: EntryStore; history: History; network: Network }) => Omit<KeptState, 'store'>;
};

export function createChain({ network, hostModule, clock, automine, restore }: ChainOptions): Chain {
  const store = createEntryStore();
  const history = createHistory();
  const host = createViewedHost(hostModule, network);
  const nowS = () => Math.floor(clock.nowMs() / 1000) + kept.timeAheadS;
  const kept: KeptState = { store, timeAheadS: 0, seedsGiven: 0 };
  if (restore) Object.assign(kept, restore({ store, history, network }));
  else beginAt(nowS());
  const queue = createQueue({ view: store, host });
  const listeners = new Set<(record: LedgerRecord) => void>();

  function beginAt(closeTimeS: number): void {
    writeSettings(store);
    const root = xdr.LedgerEntryData.account(newAccount(network.root.xdrPublicKey(), TOTAL_COINS_STROOPS, 0));
    const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq: 1, data: root, ext: xdr.LedgerEntryExt.v0() });
    store.set(keyOfEntry(root), { entry: entry.toXdr(), liveUntil: 0 });
    const closed = genesisHeader(network, host.protocolVersion, closeTimeS);
    const txSet = transactionSet(network.seed, [], []);
    history.add({ sequence: 1, closeTimeS, closed, txSet, transactions: [], events: [] });
  }

  /** Ledgers may share a second but never go back, even if the clock does. */
  function nextMoment(): LedgerMoment {
    const latest = history.latest();
    return { sequence: latest.sequence + 1, closeTimeS: Math.max(latest.closeTimeS, nowS()) };
  }

  function close(): LedgerRecord {
    const moment = nextMoment();
    const previous = history.latest().closed;
    const record = closeLedger({ store, network, host }, previous, queue.take(moment), moment.closeTimeS);
    history.add(record);
    for (const listener of listeners) listener(record);
    return record;
  }

  return {
    network,
    entries: store,
    history,
    host,
    read: (envelope) => readEnvelope(envelope, network),
    submit(signed, inRow) {
      const answer = queue.add(signed, nextMoment(), inRow);
      if (automine && answer.status === 'PENDING') close();
      return answer;
    },
    closeLedger: close,
    onClosed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    nextMoment,
    freshSeed() {
      const count = Buffer.alloc(8);
      count.writeBigUInt64BE(BigInt(kept.seedsGiven++));
      return hash(Buffer.concat([history.latest().closed.hash, count]));
    },
    advanceTime(seconds) {
      if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError('time only goes forward, in seconds');
      kept.timeAheadS += seconds;
    },
    kept,
  };
}
