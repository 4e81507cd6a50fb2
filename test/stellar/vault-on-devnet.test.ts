import { Contract, Keypair, nativeToScVal, rpc as sdk, TransactionBuilder } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { add, subtract, units } from '../../src/money.ts';
import { signLifeMaxLedgers, signLifeMaxS } from '../../src/settlement/adoption.ts';
import { contractCall, readHolding } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value, u32Value } from '../../src/stellar/contract-values.ts';
import { addPayee, landed } from '../../src/stellar/deploy.ts';
import { createRpc, type Rpc } from '../../src/stellar/rpc.ts';
import {
  accountOf,
  addressOf,
  type Chain,
  createMoneyRig,
  deployedChain,
  deposit,
  secretOf,
  usdc,
} from './devnet-rig.ts';

/** The money side of the gateway and the real contract, on the embedded network. One vault for all tests, as in life. */

let chain: Chain;
const alice = addressOf('alice');
const bob = addressOf('bob');
const payee = addressOf('payee');
const latePayee = addressOf('late payee');

beforeAll(async () => {
  chain = await deployedChain();
}, 60_000);
afterAll(async () => {
  await chain.devnet.close();
});

/** The network's client as strangers use it: nothing of ours but the vault's address. */
async function depositByStockClient(name: string, amount: bigint): Promise<void> {
  const server = new sdk.Server(chain.devnet.rpcUrl, { allowHttp: true });
  const keypair = Keypair.fromSecret(secretOf(name));
  const operation = new Contract(chain.vaultAddress).call(
    'deposit',
    nativeToScVal(keypair.publicKey(), { type: 'address' }),
    nativeToScVal(keypair.publicKey(), { type: 'address' }),
    nativeToScVal(amount, { type: 'i128' }),
  );
  const source = await server.getAccount(keypair.publicKey());
  const built = new TransactionBuilder(source, { fee: '1000', networkPassphrase: chain.devnet.passphrase })
    .addOperation(operation)
    .setTimeout(60)
    .build();
  const prepared = await server.prepareTransaction(built);
  prepared.sign(keypair);
  const sent = await server.sendTransaction(prepared);
  const result = await server.pollTransaction(sent.hash, { attempts: 20, sleepStrategy: () => 50 });
  expect(result.status).toBe('SUCCESS');
}

const byAdmin = async (fn: string, args: Parameters<typeof contractCall>[2]) => {
  const operation = contractCall(chain.vaultAddress, fn, args);
  landed(fn, await chain.submitter.submit({ operation, secret: secretOf('admin') }));
};

const grossOf = async (of: string) => (await createMoneyRig(chain).vault.earnings(of, 0)).gross;

describe('a deposit, calls, a settlement, a payout', () => {
  it('move exact amounts, and nothing is off', async () => {
    const rig = createMoneyRig(chain);
    await rig.catchUp();
    await depositByStockClient('alice', usdc(25.1234567));
    await deposit(chain, 'bob', usdc(3), bob);
    await deposit(chain, 'bob', usdc(1), alice);
    await rig.catchUp();
    expect(rig.ledger.account(alice)?.deposited).toBe(usdc(26.1234567));
    expect(rig.ledger.account(bob)?.deposited).toBe(usdc(3));

    for (let index = 0; index < 20; index++) await rig.call(alice, units(20_001));
    await rig.call(bob, usdc(1.5));
    expect(await rig.settler.settleNow()).toMatchObject({
      done: true,
      confirmed: [{ lane: 0, batch: 1, total: units(20 * 20_001 + 15_000_000) }],
    });
    const gross = units(20 * 20_001 + 15_000_000);
    expect(await grossOf(payee)).toBe(gross);
    expect(rig.ledger.account(alice)).toMatchObject({ settled: units(20 * 20_001), unsettled: 0n, receivable: 0n });
    expect(await rig.vault.account(alice)).toMatchObject({ settled: units(20 * 20_001) });

    const fee = (gross * 250n) / 10_000n;
    expect(await rig.payouts.payNow()).toMatchObject([
      { kind: 'claim', amount: gross - fee, outcome: 'paid' },
      { kind: 'fee', amount: fee, outcome: 'paid' },
    ]);
    expect(await readHolding(chain.rpc, chain.token, payee)).toEqual({ ok: true, balance: gross - fee });
    expect(await readHolding(chain.rpc, chain.token, addressOf('treasury'))).toEqual({ ok: true, balance: fee });

    const report = await rig.reconcile();
    expect(report.checks.filter((check) => check.off !== 0n)).toEqual([]);
    expect(report.unitsOff).toBe(0n);
    expect(rig.store.deposits.unattributed({ limit: 10 })).toEqual([]);
  });
});

describe('a database that begins later', () => {
  it('takes the lane and every account over, and bills nothing again', async () => {
    const rig = createMoneyRig(chain);
    await rig.catchUp();
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({ synced: false, foreign: false });
    await untilNothingOldLands();
    await rig.catchUp();
    await rig.settler.turn();
    expect(rig.settler.status()).toMatchObject({ synced: true, foreign: false });
    expect(rig.ledger.account(bob)).toMatchObject({
      deposited: usdc(3),
      settled: usdc(1.5),
      settledElsewhere: usdc(1.5),
    });
    await rig.call(bob, usdc(0.25));
    expect(await rig.settler.settleNow()).toMatchObject({ done: true, confirmed: [{ batch: 2 }] });
    expect((await rig.vault.account(bob)).settled).toBe(usdc(1.75));
    expect((await rig.reconcile()).checks.filter((check) => check.off !== 0n)).toEqual([]);
  });
});

/** What was signed before a takeover may land for a time and for a number of ledgers. */
async function untilNothingOldLands(): Promise<void> {
  await chain.devnet.advanceTime(signLifeMaxS + 1);
  for (let closed = 0; closed < signLifeMaxLedgers; closed++) await chain.devnet.closeLedger();
}

/** An RPC whose first send is preceded by something else happening on chain. */
function beforeSend(change: () => Promise<unknown>): Rpc {
  let changed = false;
  return {
    ...chain.rpc,
    async send(envelope, signal) {
      if (!changed) {
        changed = true;
        await change();
      }
      return chain.rpc.send(envelope, signal);
    },
  };
}

/** A rig on a lane that others have used before it. */
async function joinedRig(rpc?: Rpc) {
  const rig = createMoneyRig(chain, rpc);
  await rig.catchUp();
  await untilNothingOldLands();
  await rig.catchUp();
  await rig.settler.turn();
  expect(rig.settler.status().synced).toBe(true);
  return rig;
}

describe('a batch whose world changes between simulation and ledger', () => {
  it('lands when a balance has come', async () => {
    const rig = await joinedRig(beforeSend(() => deposit(chain, 'bob', usdc(5), bob)));
    const free = rig.ledger.account(bob);
    await rig.call(bob, free ? rig.ledger.spendable(free) : units(1));
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    await rig.catchUp();
    expect(rig.ledger.account(bob)).toMatchObject({ unsettled: 0n, receivable: 0n });
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });

  it('lands when a limit changes, and takes what the new one allows', async () => {
    const rig = await joinedRig(
      beforeSend(async () => landed('limit', await accountOf(chain, 'bob').setLimit(usdc(900)))),
    );
    await rig.call(bob, usdc(0.5));
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    await rig.catchUp();
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });

  it('lands when the payee is removed or listed, and keeps the charge for the payee', async () => {
    const rig = await joinedRig(beforeSend(() => addPayee(chain, chain.vaultAddress, secretOf('admin'), latePayee)));
    await rig.call(bob, usdc(0.1), latePayee);
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    expect(await grossOf(latePayee)).toBe(usdc(0.1));

    const second = beforeSend(() => byAdmin('remove_payee', [addressValue(latePayee)]));
    rig.restart(second);
    await rig.call(bob, usdc(0.2), latePayee);
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    await rig.catchUp();
    expect(rig.ledger.account(bob)).toMatchObject({ heldForPayee: usdc(0.2), unsettled: 0n, receivable: 0n });
    expect([...rig.watcher.state().removedPayees]).toEqual([latePayee]);

    await addPayee(chain, chain.vaultAddress, secretOf('admin'), latePayee);
    await rig.catchUp();
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    expect(rig.ledger.account(bob)).toMatchObject({ heldForPayee: 0n, unsettled: 0n });
    expect(await grossOf(latePayee)).toBe(usdc(0.3));
    expect((await rig.reconcile()).checks.filter((check) => check.off !== 0n)).toEqual([]);
  });

  it('does not land while settling is paused, and lands after', async () => {
    const rig = await joinedRig(beforeSend(() => byAdmin('pause', [addressValue(addressOf('admin')), u32Value(2)])));
    await rig.call(bob, usdc(0.1));
    expect(await rig.settler.settleNow({ timeoutMs: 500 })).toMatchObject({ done: false });
    await rig.catchUp();
    expect(rig.watcher.state().paused).toBe(2);
    await byAdmin('unpause', [u32Value(2)]);
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });
});

describe('an envelope on a bad line', () => {
  it('is not made twice when the answer to the send is lost', async () => {
    const url = chain.devnet.rpcUrl;
    let lost = 0;
    const rpc = createRpc({
      url,
      passphrase: chain.devnet.passphrase,
      clock: systemClock,
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (String(init?.body).includes('sendTransaction') && lost++ === 0) throw new TypeError('fetch failed');
        return answer;
      },
    });
    const rig = await joinedRig(rpc);
    await rig.call(bob, usdc(0.1));
    const report = await rig.settler.settleNow();
    expect(report).toMatchObject({ done: true, confirmed: [{ total: usdc(0.1) }] });
    expect(rig.store.batches.envelopes(rig.store.batches.list({ limit: 1 })[0]?.id ?? 0)).toHaveLength(1);
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });

  it('is replaced only after it can no longer land', async () => {
    let deaf = true;
    const rpc: Rpc = {
      ...chain.rpc,
      send: async (envelope) => {
        if (!deaf) return chain.rpc.send(envelope);
        return { status: 'TRY_AGAIN_LATER', hash: '', latestLedger: 0, errorResultXdr: undefined };
      },
    };
    const rig = await joinedRig(rpc);
    await rig.call(bob, usdc(0.1));
    expect(await rig.settler.settleNow({ timeoutMs: 400 })).toMatchObject({ done: false });
    deaf = false;
    await chain.devnet.advanceTime(95);
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    expect(
      rig.store.batches
        .envelopes(rig.store.batches.list({ limit: 1 })[0]?.id ?? 0)
        .map((row) => row.state)
        .sort(),
    ).toEqual(['expired', 'landed']);
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });
});

describe('leaving', () => {
  it('is seen at once: a request hurries settlement, and the rest can be withdrawn', async () => {
    const rig = await joinedRig();
    const before = rig.ledger.account(bob)?.deposited;
    await deposit(chain, 'bob', usdc(2), bob);
    await rig.catchUp();
    expect(rig.ledger.account(bob)?.deposited).toBe(units((before ?? 0n) + usdc(2)));
    await rig.call(bob, usdc(0.5));
    const owner = accountOf(chain, 'bob');
    const { balance } = await rig.vault.account(bob);
    const hurriesBefore = rig.hurries;
    landed('request', await owner.requestWithdraw(balance));
    await rig.catchUp();
    expect(rig.hurries).toBe(hurriesBefore + 1);
    const slot = rig.ledger.account(bob);
    expect(slot && rig.ledger.spendable(slot)).toBe(0n);
    expect(await rig.settler.settleNow()).toMatchObject({ done: true });
    await chain.devnet.advanceTime(86_401);
    landed('withdraw', await owner.withdraw(bob));
    await rig.catchUp();
    expect(await rig.vault.account(bob)).toMatchObject({ balance: 0n, requested: 0n });
    expect((await rig.reconcile()).checks.filter((check) => check.off !== 0n)).toEqual([]);
  });
});

describe('USDC sent to the vault without a deposit', () => {
  it('is booked as nobody’s, credited to nobody, and not counted as a fault', async () => {
    const rig = await joinedRig();
    const args = [addressValue(alice), addressValue(chain.vaultAddress), i128Value(usdc(0.7))];
    const operation = contractCall(chain.token, 'transfer', args);
    const deposited = rig.ledger.account(alice)?.deposited;
    landed('transfer', await chain.submitter.submit({ operation, secret: secretOf('alice') }));
    rig.restart();
    await rig.catchUp();
    expect(rig.ledger.account(alice)?.deposited).toBe(deposited);
    expect(rig.store.deposits.unattributed({ limit: 5 })).toMatchObject([{ kind: 'transfer', amount: usdc(0.7) }]);
    expect((await rig.reconcile()).unitsOff).toBe(0n);
  });

  it('is explained to the unit by reconcile, also what the issuer sent, before and after sweeps', async () => {
    const rig = createMoneyRig(chain);
    const send = async (name: string, amount: bigint) => {
      const args = [addressValue(addressOf(name)), addressValue(chain.vaultAddress), i128Value(amount)];
      const operation = contractCall(chain.token, 'transfer', args);
      landed('transfer', await chain.submitter.submit({ operation, secret: secretOf(name) }));
    };
    await rig.catchUp();
    const before = rig.store.deposits.bare().left;
    await send('bob', usdc(0.2));
    await send('issuer', usdc(0.3));
    await deposit(chain, 'issuer', usdc(5), alice);
    const standing = async () => {
      const { checks, totals } = await rig.reconcile();
      const identity = checks.find(({ name }) => name.startsWith('USDC beyond liabilities'));
      const of = (name: string) => totals.find((total) => total.name === `${name} in the vault`)?.amount;
      expect(identity).toMatchObject({ off: 0n, chain: identity?.books });
      return [identity?.chain, of('unattributed'), of('unexplained')];
    };
    const came = add(before, usdc(0.5));
    expect(await standing()).toEqual([came, came, 0n]);
    await byAdmin('sweep', [addressValue(bob), i128Value(usdc(0.2))]);
    expect(await standing()).toEqual([subtract(came, usdc(0.2)), subtract(came, usdc(0.2)), 0n]);
    const [newest, ...rest] = rig.store.deposits.bare().transfers;
    expect(newest).toMatchObject({ left: usdc(0.3), sweptBy: [] });
    expect(rest.at(-1)).toMatchObject({ left: 0n });
  });
});
