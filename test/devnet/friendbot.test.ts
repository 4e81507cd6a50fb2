import { Asset, Keypair, Operation, StrKey } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, keypair, startRig } from './rig.ts';

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

type Answer = Record<string, unknown> & { extras?: Record<string, unknown> };

async function ask(addr: string, method = 'GET'): Promise<Answer> {
  const answer = await fetch(`${rig.devnet.friendbotUrl}?addr=${encodeURIComponent(addr)}`, { method });
  return (await answer.json()) as Answer;
}

async function balanceOf(who: string): Promise<bigint> {
  if (StrKey.isValidContract(who)) {
    const { balanceEntry } = await rig.server.getSACBalance(who, Asset.native(), rig.devnet.passphrase);
    return BigInt(balanceEntry?.amount ?? 0);
  }
  return (await rig.server.getAccountEntry(who)).balance;
}

const START = 100_000_000_000n;

describe('friendbot', () => {
  it('creates accounts that the stock client can use at once, asked by GET, POST or form', async () => {
    const who = keypair('friend');
    const account = await rig.server.requestAirdrop(who.publicKey());
    expect((await rig.server.getAccount(who.publicKey())).sequenceNumber()).toBe(account.sequenceNumber());
    expect(await balanceOf(who.publicKey())).toBe(START);
    const asked = keypair('friend by GET').publicKey();
    expect(await ask(asked)).toMatchObject({
      successful: true,
      hash: expect.any(String),
      envelope_xdr: expect.any(String),
    });
    const addr = keypair('friend by form').publicKey();
    await fetch(rig.devnet.friendbotUrl, { method: 'POST', body: new URLSearchParams({ addr }) });
    expect(await balanceOf(addr)).toBe(START);
  });

  it('gives no more to whoever has the starting balance, in words that every client knows', async () => {
    const who = await rig.funded('friend again');
    await expect(rig.server.fundAddress(who.publicKey())).rejects.toThrow('createAccountAlreadyExist');
    await expect(rig.server.requestAirdrop(who.publicKey())).resolves.toBeDefined();
    expect(await ask(who.publicKey())).toMatchObject({
      status: 400,
      type: 'https://stellar.org/friendbot-errors/bad_request',
      detail: expect.stringContaining('account already funded to starting balance'),
    });
    expect(await balanceOf(who.publicKey())).toBe(START);
  });

  it('gives as much again to an account that has less', async () => {
    const who = await rig.funded('friend in need');
    await rig.send(who, Operation.payment({ destination: who.publicKey(), asset: Asset.native(), amount: '1' }));
    expect(await ask(who.publicKey())).toMatchObject({ successful: true });
    expect(await balanceOf(who.publicKey())).toBe(2n * START - 100n);
  });

  it('pays contracts through the contract of the native asset, several at once', async () => {
    const contracts = [1, 2, 3].map((byte) => StrKey.encodeContract(Buffer.alloc(32, byte)));
    const [first = ''] = contracts;
    await Promise.all(contracts.map((contract) => rig.server.fundAddress(contract)));
    for (const contract of contracts) expect(await balanceOf(contract)).toBe(START);
    await expect(rig.server.fundAddress(first)).rejects.toThrow('createAccountAlreadyExist');
  });

  it('says which address is none', async () => {
    for (const addr of ['', 'G', 'x'.repeat(1_000), Keypair.random().secret(), '%']) {
      expect(await ask(addr)).toMatchObject({
        status: 400,
        extras: { invalid_field: 'addr', reason: 'invalid address: must be a valid G or C address' },
      });
    }
    expect((await fetch(rig.devnet.friendbotUrl, { method: 'DELETE' })).status).toBe(405);
  });

  it('serves all who wait for the same ledger, and tells the second who asks for one account that it is there', async () => {
    await using slow = await startRig({ closeMs: 3_600_000 });
    const [once, twice] = [keypair('wanted once').publicKey(), keypair('wanted twice').publicKey()];
    const asked = Promise.allSettled([once, twice, twice].map((address) => slow.devnet.fundAccount(address)));
    await slow.devnet.closeLedger();
    expect(await asked).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: expect.stringMatching(/^createAccountAlreadyExist \(AAAA/) } },
    ]);
  });

  it('pays a contract and then an account although both wait for one ledger, in which the account would come first', async () => {
    await using slow = await startRig({ closeMs: 3_600_000 });
    const contract = StrKey.encodeContract(Buffer.alloc(32, 7));
    const account = keypair('behind a contract').publicKey();
    const asked = Promise.allSettled([contract, account].map((address) => slow.devnet.fundAccount(address)));
    let done = false;
    void asked.then(() => {
      done = true;
    });
    while (!done) {
      await slow.devnet.closeLedger();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await asked).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  });
});
