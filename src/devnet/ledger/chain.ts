/** The network itself: its ledger, its queue, its history and its time. Everything here is synchronous. */
import { hash, xdr } from '@stellar/stellar-sdk';
import type { Clock } from '../../clock.ts';
import { MAX_INT64, newAccount } from './balances.ts';
import { createChainTime, type TimeRule } from './chain-time.ts';
import { type ClosedLedger, closeLedger } from './close.ts';
import { createDecoded, type Decoded } from './decoded.ts';
import { createEntryStore, type EntryStore, type EntryView, readAccount } from './entries.ts';
import { accountText, readEnvelope, type SignedTransaction } from './envelope.ts';
import { genesisHeader, TOTAL_COINS_STROOPS } from './header.ts';
import { createHistory, type History } from './history.ts';
import { usualBaseFees } from './meta.ts';
import { createMishaps } from './mishap.ts';
import type { Network } from './network.ts';
import { createQueue, type QueueAnswer, type TransactionQueue } from './queue.ts';
import { type LedgerRecord, ledgerRecord } from './records.ts';
import type { LedgerMoment } from './sequence.ts';
import { createStage } from './stage.ts';
import { createUpgrades } from './upgrades.ts';
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
  /** 32 bytes, never the same; after a restart neither. */
  freshSeed(): Uint8Array;
  /** Moves this network's time ahead for good. */
  advanceTime(seconds: number): void;
  /** From the next ledger on it is this time, seconds since 1970. Throws RangeError when the latest ledger's is later. */
  setTime(timeS: number): void;
  /**
   * Gives an account another sequence number, as the last thing of the next ledger. Throws RangeError when the account does
   * not exist or the number is none.
   */
  setSequence(account: xdr.PublicKey, sequence: bigint): void;
  /** While frozen, accepted transactions wait until `closeLedger` is called by hand. */
  freeze(frozen: boolean): void;
  readonly frozen: boolean;
  /** The next so many transactions fail in their ledger, whatever they are. */
  failNext(count: number): void;
};

export type ChainOptions = {
  network: Network;
  hostModule: WebAssembly.Module;
  /** A host that runs already, with what it has read of contracts and settings; one of its own by default. */
  host?: ViewedHost | undefined;
  clock: Clock;
  /** Close a ledger for each accepted transaction. */
  automine: boolean;
  /** Default: the clock. */
  time?: TimeRule | undefined;
  journal?: ChainJournal | undefined;
};

/** Where a network is kept that is to go on after a restart. */
export type ChainJournal = {
  /** Fills store and history with what was kept; undefined when nothing was. */
  load(into: JournalTarget): Position | undefined;
  /** Keeps a ledger, genesis first. */
  append(closed: ClosedLedger): void;
  /** Keeps where the network is, apart from its ledgers. */
  position(position: Position): void;
};

/** What a journal fills. */
export type JournalTarget = { store: EntryStore; history: History; decoded: Decoded };

export type Position = {
  /** How far the network's time is ahead of its rule, seconds. */
  aheadS: number;
  /** How many seeds were given since the latest ledger. */
  seedsGiven: number;
  /** History was pruned up to this ledger; 0 if never. */
  oldest: number;
};

export function createChain({
  network,
  hostModule,
  host = createViewedHost(hostModule, network),
  clock,
  automine,
  time: rule = { kind: 'clock' },
  journal,
}: ChainOptions): Chain {
  const store = createEntryStore();
  const history = createHistory();
  const decoded = createDecoded(network);
  const loaded = journal?.load({ store, history, decoded });
  const time = createChainTime(rule, clock, loaded?.aheadS ?? 0);
  let seedsGiven = loaded?.seedsGiven ?? 0;
  let prunedTo = loaded?.oldest ?? 0;
  const mishaps = createMishaps();
  const upgrades = createUpgrades();
  let frozen = false;
  const keepPosition = () => journal?.position({ aheadS: time.aheadS, seedsGiven, oldest: prunedTo });
  if (loaded) requireProtocol(history.latest(), host.protocolVersion);
  else {
    if (rule.genesisTimeS !== undefined) time.set(rule.genesisTimeS, 1);
    const genesis = genesisLedger({ network, store, decoded }, host.protocolVersion, time.at(1));
    history.add(genesis.record);
    journal?.append(genesis);
    if (time.aheadS !== 0) keepPosition();
  }
  const queue = createQueue({ view: store, host });
  const listeners = new Set<(closed: ClosedLedger) => void>();

  /** Ledgers may share a second but never go back, even if the clock does. */
  function nextMoment(): LedgerMoment {
    const latest = history.latest();
    const sequence = latest.sequence + 1;
    return { sequence, closeTimeS: Math.max(latest.closeTimeS, time.at(sequence)) };
  }

  function close(): LedgerRecord {
    const moment = nextMoment();
    const previous = history.latest().closed;
    const closed = closeLedger(
      { store, network, host, mishaps, upgrades, decoded },
      previous,
      queue.take(moment),
      moment.closeTimeS,
    );
    seedsGiven = 0;
    history.add(closed.record);
    journal?.append(closed);
    for (const listener of listeners) listener(closed);
    return closed.record;
  }

  return {
    network,
    entries: store,
    history: {
      ...history,
      prune(to) {
        history.prune(to);
        prunedTo = history.oldest().sequence;
        keepPosition();
      },
    },
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
      count.writeBigUInt64BE(BigInt(seedsGiven++));
      // Kept at once: a seed given again after a restart would make a nonce that somebody signed already.
      keepPosition();
      return hash(Buffer.concat([history.latest().closed.hash, count]));
    },
    advanceTime(seconds) {
      time.advance(seconds);
      keepPosition();
    },
    setTime(timeS) {
      const { sequence, closeTimeS } = history.latest();
      if (timeS < closeTimeS) throw new RangeError(`the latest ledger closed at ${closeTimeS}: time only goes forward`);
      time.set(timeS, sequence + 1);
      keepPosition();
    },
    setSequence(account, sequence) {
      if (sequence < 0n || sequence > MAX_INT64) throw new RangeError('a sequence number is from 0 to 2^63 - 1');
      if (!readAccount(store, account)) throw new RangeError(`${accountText(account)} has no account`);
      upgrades.queue((stage) => {
        const entry = readAccount(stage, account);
        // Merged away by a transaction of the same ledger: nothing is left to be set.
        if (!entry) return;
        stage.write(xdr.LedgerEntryData.account(new xdr.AccountEntry({ ...entry, seqNum: sequence })));
      });
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

/** A network of another protocol has other settings and rules: it would not go on as itself. */
function requireProtocol({ closed }: LedgerRecord, protocolVersion: number): void {
  const { ledgerVersion } = closed.header;
  if (ledgerVersion === protocolVersion) return;
  throw new Error(`the kept network is of protocol ${ledgerVersion}, this is ${protocolVersion}: begin another one`);
}

type GenesisDeps = { network: Network; store: EntryStore; decoded: Decoded };

function genesisLedger(
  { network, store, decoded }: GenesisDeps,
  protocolVersion: number,
  closeTimeS: number,
): ClosedLedger {
  const stage = createStage(store, 1);
  writeSettings(stage, network.profile);
  stage.write(xdr.LedgerEntryData.account(newAccount(network.root.xdrPublicKey(), TOTAL_COINS_STROOPS, 0)));
  const changes = stage.changes();
  stage.commit();
  const closed = genesisHeader(network, protocolVersion, closeTimeS);
  const record = ledgerRecord(
    {
      sequence: 1,
      closeTimeS,
      closed,
      transactions: [],
      baseFees: usualBaseFees,
      upgrades: [],
      evicted: [],
      idle: false,
    },
    decoded,
  );
  return { record, changes };
}
