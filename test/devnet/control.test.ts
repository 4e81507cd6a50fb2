import { Asset, Operation } from '@stellar/stellar-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DevnetRig, keypair, startRig } from './rig.ts';

let rig: DevnetRig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

async function call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
  const answer = await fetch(rig.devnet.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const reply = (await answer.json()) as { result?: unknown; error?: { code: number; message: string } };
  if (reply.error) throw Object.assign(new Error(reply.error.message), { code: reply.error.code });
  return reply.result;
}

describe('the control surface', () => {
  it('closes ledgers at once, with the time between them that is asked for', async () => {
    const before = rig.devnet.latestLedger();
    await call('devnet_mine', { ledgers: 250, intervalS: 5 });
    const after = rig.devnet.latestLedger();
    expect(after.sequence).toBe(before.sequence + 250);
    expect(after.closeTimeS - before.closeTimeS).toBeGreaterThanOrEqual(1_250);
  });

  it('moves time ahead', async () => {
    const before = rig.devnet.latestLedger().closeTimeS;
    expect(await call('devnet_increaseTime', { seconds: 3_600 })).toEqual(rig.devnet.latestLedger());
    expect(rig.devnet.latestLedger().closeTimeS).toBeGreaterThanOrEqual(before + 3_600);
  });

  it('sets the time of the next ledger, but never back', async () => {
    const closeTimeS = rig.devnet.latestLedger().closeTimeS + 86_400;
    expect(await call('devnet_setTime', { closeTimeS })).toMatchObject({ closeTimeS });
    await expect(call('devnet_setTime', { closeTimeS: closeTimeS - 3_600 })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('only goes forward'),
    });
  });

  it('sets the sequence number of an account', async () => {
    const who = await rig.funded('numbered');
    await call('devnet_setSequence', { address: who.publicKey(), sequence: '9223372036854775000' });
    expect((await rig.server.getAccount(who.publicKey())).sequenceNumber()).toBe('9223372036854775000');
    const sent = await rig.send(who, Operation.bumpSequence({ bumpTo: '0' }));
    expect(sent.status).toBe('SUCCESS');
    const nobody = { address: keypair('nobody').publicKey(), sequence: '1' };
    await expect(call('devnet_setSequence', nobody)).rejects.toMatchObject({ code: -32602 });
  });

  it('forgets history, and its servers say so', async () => {
    const who = await rig.funded('pruned');
    const { txHash } = await rig.send(who, Operation.bumpSequence({ bumpTo: '0' }));
    await call('devnet_mine', { ledgers: 5 });
    const { sequence } = rig.devnet.latestLedger();
    expect(await call('devnet_prune', { keepLedgers: 3 })).toEqual({ oldestLedger: sequence - 2 });
    expect((await rig.server.getHealth()).oldestLedger).toBe(sequence - 2);
    expect((await rig.server.getTransaction(txHash)).status).toBe('NOT_FOUND');
    expect((await fetch(`${rig.devnet.horizonUrl}/transactions/${txHash}`)).status).toBe(404);
    await expect(rig.server.getEvents({ startLedger: 1, filters: [] })).rejects.toMatchObject({ code: -32600 });
    const root = await (await fetch(rig.devnet.horizonUrl)).json();
    expect(root).toMatchObject({ history_elder_ledger: sequence - 2 });
  });

  it('freezes the ledger: what is sent stays pending until a ledger is closed by hand', async () => {
    const who = await rig.funded('frozen');
    await call('devnet_freeze');
    const tx = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })]);
    tx.sign(who);
    const { hash, status } = await rig.server.sendTransaction(tx);
    expect(status).toBe('PENDING');
    expect((await rig.server.getTransaction(hash)).status).toBe('NOT_FOUND');
    await call('devnet_mine');
    expect((await rig.server.getTransaction(hash)).status).toBe('SUCCESS');
    await call('devnet_freeze', { frozen: false });
    expect((await rig.send(who, Operation.bumpSequence({ bumpTo: '0' }))).status).toBe('SUCCESS');
  });

  it('gives coins to a new account, and to one that exists', async () => {
    const who = keypair('funded by hand').publicKey();
    await call('devnet_fund', { address: who });
    await call('devnet_fund', { address: who });
    expect((await rig.server.getAccountEntry(who)).balance).toBe(200_000_000_000n);
    expect(rig.devnet.hasAccount(who)).toBe(true);
  });

  it('names the keys that the network derives from its seed', async () => {
    const [first] = (await call('devnet_accounts')) as unknown[];
    expect(first).toEqual({ name: 'account 0', ...rig.devnet.namedAccount('account 0') });
    expect(await call('devnet_accounts', { names: ['alice'] })).toEqual([
      { name: 'alice', ...rig.devnet.namedAccount('alice') },
    ]);
  });

  it('sets, shows and clears faults, and no fault keeps it from doing so', async () => {
    const fault = { kind: 'error', message: 'down' };
    const listed = [{ target: '*', fault, timesLeft: null, every: 1 }];
    expect(await call('devnet_setFault', { target: '*', fault })).toEqual(listed);
    await expect(rig.server.getHealth()).rejects.toMatchObject({ message: 'down' });
    expect(await call('devnet_faults')).toEqual(listed);
    expect(await call('devnet_clearFaults')).toEqual([]);
    expect((await rig.server.getHealth()).status).toBe('healthy');
  });

  it('lets the next transactions fail in their ledger, which costs them fee and sequence number and nothing else', async () => {
    const [who, other] = [await rig.funded('unlucky'), await rig.funded('other')];
    const before = await rig.server.getAccountEntry(who.publicKey());
    await call('devnet_failTransactions', { count: 1 });
    const { payment } = Operation;
    const failed = await rig.send(who, payment({ destination: other.publicKey(), asset: Asset.native(), amount: '5' }));
    expect(failed.status).toBe('FAILED');
    const after = await rig.server.getAccountEntry(who.publicKey());
    expect(after.balance).toBe(before.balance - 100n);
    expect(after.seqNum).toBe(before.seqNum + 1n);
    const paid = await rig.send(who, payment({ destination: other.publicKey(), asset: Asset.native(), amount: '5' }));
    expect(paid.status).toBe('SUCCESS');
  });

  it('lets fees surge: low bids are refused with the bid that would do, and all others pay as much', async () => {
    const who = await rig.funded('surged');
    await call('devnet_surge', { baseFeeStroops: 5_000 });
    const low = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })], '4999');
    low.sign(who);
    const answer = await rig.server.sendTransaction(low);
    expect(answer.status).toBe('ERROR');
    expect(answer.errorResult).toMatchObject({ feeCharged: 5_000n, result: { type: 'txInsufficientFee' } });
    const enough = await rig.build(who, [Operation.bumpSequence({ bumpTo: '0' })], '6000');
    enough.sign(who);
    const { hash } = await rig.server.sendTransaction(enough);
    const done = await rig.server.getTransaction(hash);
    expect(done.status === 'SUCCESS' && done.resultXdr.feeCharged).toBe(5_000n);
    await call('devnet_surge', { baseFeeStroops: 0 });
    expect((await rig.send(who, Operation.bumpSequence({ bumpTo: '0' }))).status).toBe('SUCCESS');
  });

  it('refuses what it cannot read with the name of the field', async () => {
    await expect(call('devnet_mine', { ledgers: 0 })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('ledgers'),
    });
    await expect(call('devnet_mine', { blocks: 1 })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('blocks'),
    });
    await expect(call('devnet_setFault', { target: '*', fault: { kind: 'lag', ledgers: 65 } })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('64'),
    });
    await expect(call('devnet_nothing')).rejects.toMatchObject({ code: -32601 });
  });

  it('is not there where it is turned off', async () => {
    const quiet = await startRig({ control: false });
    const answer = await fetch(quiet.devnet.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'devnet_mine' }),
    });
    expect(await answer.json()).toMatchObject({ error: { code: -32601 } });
    await quiet[Symbol.asyncDispose]();
  });
});
