import { hash, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from '../rig.ts';

/** The network over RPC as the SDK sees it. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('the network', () => {
  it('says who it is and that it is healthy', async () => {
    expect(await rig.server.getHealth()).toMatchObject({ status: 'healthy', oldestLedger: 1 });
    expect(await rig.server.getNetwork()).toMatchObject({ passphrase: rig.devnet.passphrase, protocolVersion: 27 });
    expect((await rig.server.getVersionInfo()).protocolVersion).toBe(27);
    expect((await rig.server.getFeeStats()).sorobanInclusionFee).toMatchObject({ min: '0', ledgerCount: 0 });
  });

  it('gives ledgers that the SDK can decode, linked by their hashes', async () => {
    await rig.devnet.closeLedger();
    const { ledgers } = await rig.server.getLedgers({ startLedger: 1, pagination: { limit: 5 } });
    expect(ledgers.length).toBeGreaterThan(1);
    for (const [index, ledger] of ledgers.entries()) {
      expect(Buffer.from(hash(ledger.headerXdr.header.toXdr())).toString('hex')).toBe(ledger.hash);
      const previous = ledgers[index - 1];
      if (previous) expect(ledger.headerXdr.header.previousLedgerHash.toString()).toBe(previous.hash);
    }
    const latest = await rig.server.getLatestLedger();
    expect(latest.sequence).toBe(rig.devnet.latestLedger().sequence);
  });
});

describe('fee bumps', () => {
  it('are paid by their source and found by both hashes', async () => {
    const sender = await rig.funded('bumped');
    const sponsor = await rig.funded('sponsor');
    const before = await rig.server.getAccountEntry(sender.publicKey());
    const inner = await rig.build(sender, [Operation.manageData({ name: 'k', value: 'v' })]);
    inner.sign(sender);
    const bump = TransactionBuilder.buildFeeBumpTransaction(sponsor, '300', inner, rig.devnet.passphrase);
    bump.sign(sponsor);
    const { hash: outer } = await rig.server.sendTransaction(bump);
    const found = await rig.server.getTransaction(outer);
    expect(found).toMatchObject({ status: 'SUCCESS', feeBump: true });
    const innerHash = Buffer.from(inner.hash()).toString('hex');
    expect((await rig.server.getTransaction(innerHash)).status).toBe('SUCCESS');
    const after = await rig.server.getAccountEntry(sender.publicKey());
    expect(after.balance).toBe(before.balance);
    expect((await rig.server.getAccountEntry(sponsor.publicKey())).balance).toBe(100_000_000_000n - 200n);
  });
});

describe('refusals', () => {
  it('name the network’s own result codes', async () => {
    const who = await rig.funded('refused');
    const stranger = await rig.funded('stranger');
    const codeOf = async (tx: Parameters<typeof rig.server.sendTransaction>[0]) => {
      const sent = await rig.server.sendTransaction(tx);
      return sent.errorResult?.result.type ?? sent.status;
    };
    const operations = [Operation.bumpSequence({ bumpTo: '0' })];
    const unsigned = await rig.build(who, operations);
    expect(await codeOf(unsigned)).toBe('txBadAuth');
    const twice = await rig.build(who, operations);
    twice.sign(who, stranger);
    expect(await codeOf(twice)).toBe('txBadAuthExtra');
    const cheap = await rig.build(who, operations, '99');
    cheap.sign(who);
    expect(await codeOf(cheap)).toBe('txInsufficientFee');
    const good = await rig.build(who, operations);
    good.sign(who);
    expect(await codeOf(good)).toBe('PENDING');
    const late = await rig.build(who, operations);
    late.sign(who);
    await rig.devnet.advanceTime(61);
    expect(await codeOf(late)).toBe('txTooLate');
  });
});
