import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Asset, type Keypair, Operation, xdr } from '@stellar/stellar-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closedHeader } from '../../src/devnet/ledger/header.ts';
import { createNetwork } from '../../src/devnet/ledger/network.ts';
import { networkProfiles } from '../../src/devnet/network-profiles.ts';
import { createStateFile } from '../../src/devnet/state-file.ts';
import { completeLines } from '../../src/devnet/state-lines.ts';
import { type ChainRig, startChain } from './chain-rig.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'devnet-state-'));
  file = path.join(folder, 'network');
});
afterEach(() => rmSync(folder, { recursive: true }));

const network = createNetwork('a network for tests', 'seed');
const open = (): ChainRig => startChain({ network, journal: createStateFile(file, network) });

function pay(rig: ChainRig, from: Keypair, to: Keypair) {
  return rig.submit(from, [Operation.payment({ destination: to.publicKey(), asset: Asset.native(), amount: '1' })]);
}

function everything({ chain }: ChainRig) {
  const { history, entries } = chain;
  const ledgers = [...history.ledgers(0, history.latest().sequence)];
  return {
    hashes: ledgers.map(({ closed }) => Buffer.from(closed.hash).toString('hex')),
    times: ledgers.map(({ closeTimeS }) => closeTimeS),
    events: ledgers.flatMap(({ events }) => events),
    metas: ledgers.flatMap(({ transactions }) => transactions.map(({ meta }) => Buffer.from(meta).toString('hex'))),
    entries: [...entries.keys()].sort().map((key) => {
      const stored = entries.get(key);
      return [key, stored && Buffer.from(stored.entry).toString('hex'), stored?.liveUntil];
    }),
  };
}

describe('a network kept in a file', () => {
  it('goes on with the same ledgers, entries, events and time', () => {
    const before = open();
    const [ann, ben] = [before.fund('ann'), before.fund('ben')];
    pay(before, ann, ben);
    before.chain.closeLedger();
    before.chain.advanceTime(3600);
    before.chain.closeLedger();
    const after = open();
    expect(everything(after)).toEqual(everything(before));
    expect(after.chain.nextMoment()).toEqual(before.chain.nextMoment());
    const { record, hash } = pay(after, ben, ann);
    expect(record?.successful).toBe(true);
    expect(open().chain.history.transaction(hash)?.ledger).toBe(record?.ledger);
  });

  it('is whole after the process died in the middle of a line', () => {
    const before = open();
    const ann = before.fund('ann');
    appendFileSync(file, '{"header":"AAAA');
    const after = open();
    expect(everything(after)).toEqual(everything(before));
    pay(after, ann, ann);
    expect(everything(open())).toEqual(everything(after));
  });

  it('goes on with a time that no clock moves', () => {
    const time = { kind: 'steps', genesisTimeS: 5_000, ledgerSeconds: 3 } as const;
    const start = () => startChain({ network, time, journal: createStateFile(file, network, { time }) });
    const before = start();
    before.chain.setTime(6_000);
    before.chain.closeLedger();
    const after = start();
    expect(after.chain.nextMoment()).toEqual({ sequence: 3, closeTimeS: 6_003 });
    expect(() => createStateFile(file, network)).toThrow('--genesis-time 5000 --ledger-seconds 3');
  });

  it('goes on from where its time was set to begin', () => {
    const time = { kind: 'clock', genesisTimeS: 5_000 } as const;
    startChain({ network, time, journal: createStateFile(file, network, { time }) });
    expect(open().chain.nextMoment()).toEqual({ sequence: 2, closeTimeS: 5_000 });
  });

  it('has no ledgers again that were pruned', () => {
    const before = open();
    const [ann, ben] = [before.fund('ann'), before.fund('ben')];
    const { hash } = pay(before, ann, ben);
    before.chain.closeLedger();
    before.chain.history.prune(before.chain.history.latest().sequence);
    const after = open();
    expect(everything(after)).toEqual(everything(before));
    expect(after.chain.history.transaction(hash)).toBeUndefined();
    expect(after.chain.history.oldest().sequence).toBe(5);
  });

  it('never gives a seed again after a restart', () => {
    const before = open();
    const given = [before.chain.freshSeed(), before.chain.freshSeed()];
    const after = open();
    given.push(after.chain.freshSeed());
    after.chain.closeLedger();
    given.push(open().chain.freshSeed());
    expect(new Set(given.map((seed) => Buffer.from(seed).toString('hex'))).size).toBe(4);
  });

  it('gives the same seeds with a restart as without', () => {
    const whole = startChain({ network });
    open().chain.freshSeed();
    whole.chain.freshSeed();
    expect(open().chain.freshSeed()).toEqual(whole.chain.freshSeed());
  });

  it('knows of sequence numbers that were set', () => {
    const before = open();
    const ann = before.fund('ann');
    before.chain.setSequence(ann.xdrPublicKey(), 5n);
    before.chain.closeLedger();
    const after = open();
    expect(after.account(ann).seqNum).toBe(5n);
    expect(everything(after)).toEqual(everything(before));
    expect(after.chain.history.latest().upgrades).toEqual(before.chain.history.latest().upgrades);
  });

  it('keeps ledgers without transactions in a few bytes', () => {
    const rig = open();
    const before = readFileSync(file).length;
    for (let i = 0; i < 10; i++) rig.chain.closeLedger();
    expect(readFileSync(file).length - before).toBeLessThan(200);
  });

  it('is written anew when half of it is older than history, with the same entries, events and time', () => {
    const start = () => startChain({ network, journal: createStateFile(file, network, { retentionLedgers: 4 }) });
    const before = start();
    const [ann, ben] = [before.fund('ann'), before.fund('ben')];
    before.chain.advanceTime(500);
    const first = pay(before, ann, ben);
    while (before.chain.history.latest().sequence < 6) before.chain.closeLedger();
    pay(before, ben, ann);
    const size = readFileSync(file).length;
    before.chain.closeLedger();
    expect(readFileSync(file).length).toBeLessThan(size);
    before.chain.freshSeed();
    before.chain.history.prune(5);

    const after = start();
    expect(everything(after)).toEqual(everything(before));
    expect(after.chain.history.oldest().sequence).toBe(5);
    expect(after.chain.history.transaction(first.hash)).toBeUndefined();
    expect(after.chain.nextMoment()).toEqual(before.chain.nextMoment());
    expect(after.chain.freshSeed()).toEqual(before.chain.freshSeed());
    pay(after, ann, ben);
    expect(everything(start())).toEqual(everything(after));
  });

  it('is refused where the network’s protocol is another', () => {
    open();
    const journal = createStateFile(file, network);
    const older: typeof journal = {
      ...journal,
      load(into) {
        const position = journal.load(into);
        const { closed, ...record } = into.history.latest();
        const header = new xdr.LedgerHeader({ ...closed.header, ledgerVersion: 26 });
        into.history.add({ ...record, sequence: record.sequence + 1, closed: closedHeader(header.toXdr()) } as never);
        return position;
      },
    };
    expect(() => startChain({ network, journal: older })).toThrow('is of protocol 26');
  });

  it('is read however long it is', () => {
    const long = path.join(folder, 'long');
    const lines = Array.from({ length: 3 }, (_, index) => String(index).repeat(1_500_000));
    writeFileSync(long, `${lines.join('\n')}\n\nno end`);
    expect([...completeLines(long, { cut: true })]).toEqual([...lines, '']);
    expect(readFileSync(long, 'utf8')).toBe(`${lines.join('\n')}\n\n`);
  });

  it('is not mixed up with another network’s file', () => {
    open();
    const renamed = createNetwork('another network', 'seed');
    expect(() => createStateFile(file, renamed)).toThrow('holds another network');
    const reseeded = createNetwork('a network for tests', 'another seed');
    expect(() => createStateFile(file, reseeded)).toThrow('another seed');
    const smaller = createNetwork('a network for tests', 'seed', networkProfiles.testnet);
    expect(() => createStateFile(file, smaller)).toThrow('start it with --limits pubnet');
    const small = path.join(folder, 'small');
    createStateFile(small, smaller);
    createStateFile(small, smaller);
    expect(() => createStateFile(small, network)).toThrow('start it with --limits testnet');
    appendFileSync(file, 'x\n');
    const notes = path.join(folder, 'notes');
    appendFileSync(notes, 'my notes\n');
    expect(() => createStateFile(notes, network)).toThrow('is no devnet state');
    expect(readFileSync(notes, 'utf8')).toBe('my notes\n');
    writeFileSync(notes, 'a note without an end');
    expect(() => createStateFile(notes, network)).toThrow('is no devnet state');
    expect(readFileSync(notes, 'utf8')).toBe('a note without an end');
  });
});
