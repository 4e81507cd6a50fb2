import { Keypair, Operation, Transaction } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { readHolding } from '../../src/stellar/account-transactions.ts';
import { landed } from '../../src/stellar/deploy.ts';
import { type ExitTerms, exitOperation, readExit } from '../../src/stellar/exit-envelope.ts';
import { createExitSigner, type PreparedExit } from '../../src/stellar/exit-signer.ts';
import { type SignedTransaction, unsignedEnvelope } from '../../src/stellar/transactions.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
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

/** Co-signed exits against the real contract: what the operator signs lands, and nothing but that. */

let chain: Chain;
const alice = addressOf('alice');

beforeAll(async () => {
  chain = await deployedChain();
  await deposit(chain, 'alice', usdc(20));
}, 60_000);
afterAll(async () => {
  await chain.devnet.close();
});

const terms = (rest: Partial<ExitTerms> = {}): ExitTerms => ({
  vault: chain.vaultAddress,
  account: alice,
  to: alice,
  amount: usdc(5),
  ...rest,
});

const signer = (operator = 'operator') =>
  createExitSigner({ rpc: chain.rpc, operatorSecret: secretOf(operator), feeMaxStroops: 10_000, token: chain.token });

async function prepared(wanted: ExitTerms): Promise<Extract<PreparedExit, { ok: true }>> {
  const result = await signer().prepare(wanted);
  if (!result.ok) throw new Error(result.detail);
  return result;
}

/** What the account's owner does with the envelope. */
function countersign(envelopeXdr: string, wanted: ExitTerms, name = 'alice'): SignedTransaction {
  const read = readExit(envelopeXdr, wanted, chain.rpc.passphrase);
  if (!read.ok) throw new Error(read.fault);
  const transaction = new Transaction(envelopeXdr, chain.rpc.passphrase);
  transaction.sign(Keypair.fromSecret(secretOf(name)));
  const { sequence, maxTimeS } = read.exit;
  return { hash: read.hash, envelopeXdr: transaction.toXdr(), sequence, maxTimeS };
}

describe('an exit that operator and account have signed', () => {
  it('pays to the unit, to whom it says, and its event ends the hold', async () => {
    const rig = createMoneyRig(chain);
    await rig.catchUp();
    const wanted = terms({ to: addressOf('bob'), amount: units(12_345_678) });
    const before = await readHolding(chain.rpc, chain.token, addressOf('bob'));
    const exit = await prepared(wanted);
    const slot = rig.ledger.account(alice);
    if (!slot) throw new Error('no alice');
    rig.store.exits.open({ accountId: slot.id, to: wanted.to, amount: wanted.amount, createdAtMs: 1, ...exit });
    rig.ledger.holdExit(slot, wanted.amount);
    const { envelopeXdr } = await signer().sign(exit.envelopeXdr, wanted);
    expect(await chain.submitter.follow(countersign(envelopeXdr, wanted))).toMatchObject({ status: 'landed' });
    await rig.catchUp();
    expect(slot).toMatchObject({ exits: 0n, withdrawn: 12_345_678n });
    expect(rig.store.exits.list({ limit: 1 })).toMatchObject([{ state: 'landed' }]);
    const after = await readHolding(chain.rpc, chain.token, addressOf('bob'));
    expect(after.ok && before.ok && after.balance - before.balance).toBe(12_345_678n);
  });

  it('is the same bytes however often it is signed, and lands once', async () => {
    const wanted = terms({ amount: usdc(1) });
    const exit = await prepared(wanted);
    const [first, second] = [
      await signer().sign(exit.envelopeXdr, wanted),
      await signer().sign(exit.envelopeXdr, wanted),
    ];
    expect(second).toEqual(first);
    expect(await chain.submitter.follow(countersign(first?.envelopeXdr ?? '', wanted))).toMatchObject({
      status: 'landed',
    });
    const held = await createVault({ rpc: chain.rpc, vault: chain.vaultAddress }).account(alice);
    await chain.rpc.send(countersign(second?.envelopeXdr ?? '', wanted).envelopeXdr).catch(() => undefined);
    await chain.devnet.closeLedger();
    expect(await createVault({ rpc: chain.rpc, vault: chain.vaultAddress }).account(alice)).toEqual(held);
  });

  it('lands in the last ledger of the signature and in no later one', async () => {
    const wanted = terms({ amount: usdc(1) });
    const late = await prepared(wanted);
    const signed = countersign((await signer().sign(late.envelopeXdr, wanted)).envelopeXdr, wanted);
    while (chain.devnet.latestLedger().sequence < late.expiresLedger) await chain.devnet.closeLedger();
    expect(await chain.submitter.follow(signed)).not.toMatchObject({ status: 'landed' });

    const onTime = await prepared(wanted);
    const other = countersign((await signer().sign(onTime.envelopeXdr, wanted)).envelopeXdr, wanted);
    while (chain.devnet.latestLedger().sequence < onTime.expiresLedger - 1) await chain.devnet.closeLedger();
    expect(await chain.submitter.follow(other)).toMatchObject({ status: 'landed', ledger: onTime.expiresLedger });
  });
});

describe('nothing is prepared', () => {
  it.each<[string, () => Partial<ExitTerms>, string]>([
    ['that is more than the vault holds for the account', () => ({ amount: usdc(5_000) }), 'insufficient_balance'],
    ['to the vault itself', () => ({ to: chain.vaultAddress }), 'invalid_address'],
    ['to an account that does not exist', () => ({ to: Keypair.random().publicKey() }), 'does not exist'],
    ['to an account without a trustline', () => ({ to: addressOf('late payee') }), 'no trustline'],
    ['from an account that does not exist', () => ({ account: Keypair.random().publicKey() }), 'send it XLM'],
    ['for the operator itself', () => ({ account: addressOf('operator') }), 'needs no co-signature'],
  ])('%s', async (_, rest, detail) => {
    expect(await signer().prepare(terms(rest()))).toEqual({ ok: false, detail: expect.stringContaining(detail) });
  });

  it('for an account whose XLM does not reach for the fee', async () => {
    const poor = Keypair.random();
    const operation = Operation.createAccount({ destination: poor.publicKey(), startingBalance: '1.01' });
    landed('account', await chain.submitter.submit({ operation, secret: secretOf('bob') }));
    landed('deposit', await accountOf(chain, 'alice').deposit(poor.publicKey(), usdc(1)));
    const refused = await signer().prepare(terms({ account: poor.publicKey(), to: alice, amount: usdc(1) }));
    expect(refused).toEqual({ ok: false, detail: expect.stringMatching(/fee is up to 0\.\d+ XLM.*has 0\.01 free/) });
  });

  it('when the vault has another operator', async () => {
    expect(await signer('bob').prepare(terms())).toMatchObject({ ok: false });
  });

  it('on the word of a server that names other authorisations', async () => {
    const { passphrase } = chain.rpc;
    const operation = exitOperation(terms({ amount: usdc(2) }));
    const other = await chain.rpc.simulate(unsignedEnvelope(operation, alice, passphrase));
    const rpc = { ...chain.rpc, simulate: async () => other };
    const deceived = createExitSigner({
      rpc,
      operatorSecret: secretOf('operator'),
      feeMaxStroops: 10_000,
      token: chain.token,
    });
    expect(await deceived.prepare(terms())).toMatchObject({
      ok: false,
      detail: expect.stringContaining('other signatures'),
    });
  });
});

describe('the operator signs', () => {
  it('no envelope that differs from its row', async () => {
    const { envelopeXdr } = await prepared(terms());
    for (const other of [{ amount: usdc(6) }, { to: addressOf('bob') }, { account: addressOf('bob') }]) {
      await expect(signer().sign(envelopeXdr, terms(other))).rejects.toThrow(/not signed/);
    }
  });

  it('no envelope made for another operator key', async () => {
    const { envelopeXdr } = await prepared(terms());
    await expect(signer('bob').sign(envelopeXdr, terms())).rejects.toThrow(/another operator key/);
  });
});
