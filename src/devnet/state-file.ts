/**
 * A network kept in a file: one line for its name, then one line for each closed ledger, appended as it closes. A
 * process that is killed loses at most the line it was writing; what it had answered before is there. When half of the
 * ledgers in it are older than history is kept, a new file takes its place: the kept ledgers, then all entries.
 */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import type { ChainJournal, JournalTarget, Position } from './ledger/chain.ts';
import type { TimeRule } from './ledger/chain-time.ts';
import { RETENTION_LEDGERS } from './ledger/history.ts';
import type { Network } from './ledger/network.ts';
import type { ProfileName } from './network-profiles.ts';
import { completeLines } from './state-lines.ts';
import {
  addEmptyLedger,
  addEntries,
  addLedger,
  type EmptyLine,
  type EntriesLine,
  type LedgerLine,
  ledgerLine,
  type PositionLine,
  savedEntry,
  to64,
} from './state-records.ts';

/** Another form of the file gets another number; a file of another form is refused, not guessed at. */
const FORMAT = 2;

type NameLine = {
  callora_devnet: typeof FORMAT;
  passphrase: string;
  seed: string;
  /** Time of genesis and seconds between ledgers, of a network that no clock moves. */
  steps?: [genesisTimeS: number, ledgerSeconds: number];
  /** Name of the network profile; absent for the public network's. */
  limits?: ProfileName;
};
type StateLine = EmptyLine | LedgerLine | EntriesLine | PositionLine;

/** Entries written in one line of a new file. */
const ENTRIES_IN_LINE = 1_000;

/** Its owner alone may read it: there are key pairs that grow from the seed. */
const MODE = 0o600;

export type StateFileOptions = {
  time?: TimeRule;
  /** How many ledgers are kept at least; twice as many are at most in the file. */
  retentionLedgers?: number;
};

/** Throws when there is a file that is not of this network. */
export function createStateFile(file: string, network: Network, options: StateFileOptions = {}): ChainJournal {
  const { time = { kind: 'clock' }, retentionLedgers = RETENTION_LEDGERS } = options;
  const name: NameLine = {
    callora_devnet: FORMAT,
    passphrase: network.passphrase,
    seed: to64(network.seed),
    ...(time.kind === 'steps' ? { steps: [time.genesisTimeS, time.ledgerSeconds] } : {}),
    ...(network.profile.name === 'pubnet' ? {} : { limits: network.profile.name }),
  };
  openNamed(file, name);
  let position: Position = { aheadS: 0, seedsGiven: 0, oldest: 0 };
  let ledgers = 0;
  let target: JournalTarget | undefined;

  function load(into: JournalTarget): Position | undefined {
    target = into;
    const lines = completeLines(file, { cut: true });
    lines.next();
    for (const text of lines) {
      const saved: StateLine = JSON.parse(text);
      if ('ahead' in saved) position = { aheadS: saved.ahead, seedsGiven: saved.seeds, oldest: saved.oldest };
      else if ('entries' in saved) addEntries(into, saved.entries);
      else {
        ledgers += 1;
        position = { ...position, seedsGiven: 0 };
        if ('at' in saved) addEmptyLedger(into, saved.at);
        else addLedger(into, saved);
        // Their removal is among the ledger's changes.
        into.store.takeExpiring(into.history.latest().sequence);
      }
    }
    if (ledgers === 0) return undefined;
    into.history.prune(position.oldest);
    return position;
  }

  return {
    load,
    append({ record, changes }) {
      appendFileSync(file, line(record.idle ? { at: record.closeTimeS } : ledgerLine(record, changes)));
      position = { ...position, seedsGiven: 0 };
      ledgers += 1;
      if (target && ledgers >= 2 * retentionLedgers) {
        const { history } = target;
        const from = Math.max(history.oldest().sequence, history.latest().sequence - retentionLedgers + 1);
        replaceFile(file, linesAnew(name, target, from, position));
        ledgers = history.latest().sequence - from + 1;
      }
    },
    position(now) {
      position = now;
      appendFileSync(file, line(positionLine(now)));
    },
  };
}

function* linesAnew(
  name: NameLine,
  { history, store }: JournalTarget,
  from: number,
  position: Position,
): Iterable<NameLine | StateLine> {
  yield name;
  for (const record of history.ledgers(from, history.latest().sequence)) {
    // The first one has nothing before it to follow from.
    const follows = record.idle && record.sequence > from;
    yield follows ? { at: record.closeTimeS } : ledgerLine(record, undefined);
  }
  let entries: EntriesLine['entries'] = [];
  for (const key of store.keys()) {
    entries.push(savedEntry(key, store.get(key)));
    if (entries.length < ENTRIES_IN_LINE) continue;
    yield { entries };
    entries = [];
  }
  yield { entries };
  yield positionLine(position);
}

/** All of it or nothing: whenever the process dies, the file is the old or the new one. */
function replaceFile(file: string, lines: Iterable<NameLine | StateLine>): void {
  const next = `${file}.new`;
  const opened = openSync(next, 'w', MODE);
  try {
    for (const one of lines) writeSync(opened, line(one));
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  renameSync(next, file);
}

/** Makes the file, or sees that it is this network's. */
function openNamed(file: string, expected: NameLine): void {
  const [first] = completeLines(file, { cut: false });
  if (first !== undefined) checkName(file, first, expected);
  // A name is written as a whole: a file with something else in it, but no line, is somebody's.
  else if (existsSync(file) && statSync(file).size > 0) throw new Error(`${file} is no devnet state`);
  else replaceFile(file, [expected]);
}

function checkName(file: string, first: string, expected: NameLine): void {
  let name: Partial<NameLine>;
  try {
    name = JSON.parse(first);
  } catch (cause) {
    throw new Error(`${file} is no devnet state`, { cause });
  }
  if (name.callora_devnet !== FORMAT) throw new Error(`${file} is no devnet state of format ${FORMAT}`);
  if (name.passphrase !== expected.passphrase) {
    throw new Error(`${file} holds another network: "${name.passphrase}"`);
  }
  if (name.seed !== expected.seed) throw new Error(`${file} holds a network that grew from another seed`);
  if (String(name.steps) !== String(expected.steps)) {
    const own = name.steps
      ? `--genesis-time ${name.steps[0]} --ledger-seconds ${name.steps[1]}`
      : 'no --ledger-seconds';
    throw new Error(`${file} holds a network whose time goes otherwise: start it with ${own}`);
  }
  if (name.limits !== expected.limits) {
    throw new Error(`${file} holds a network of other limits: start it with --limits ${name.limits ?? 'pubnet'}`);
  }
}

function positionLine({ aheadS, seedsGiven, oldest }: Position): PositionLine {
  return { ahead: aheadS, seeds: seedsGiven, oldest };
}

function line(value: NameLine | StateLine): string {
  return `${JSON.stringify(value)}\n`;
}
