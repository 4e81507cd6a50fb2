import {
  AccountRequiresMemoError,
  Asset,
  Keypair,
  Memo,
  NotFoundError,
  Operation,
  TransactionBuilder,
} from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HorizonRig, startHorizonRig } from '../horizon/horizon-rig.ts';
import { usdcOf } from '../rig.ts';

/** Horizon as the SDK's builders see it. */

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('a transaction in a fee bump', () => {
  it('is told under both hashes, each with its own signatures and fees', async () => {
    const [sender, sponsor] = [await rig.funded('inner'), await rig.funded('outer')];
    const inner = await rig.signedPayment(sender, sponsor, '2');
    const { passphrase } = rig.devnet;
    const bump = TransactionBuilder.buildFeeBumpTransaction(sponsor, '300', inner, passphrase);
    bump.sign(sponsor);
    const [innerHash, outerHash] = [inner, bump].map((tx) => Buffer.from(tx.hash()).toString('hex'));
    const signatures = { [innerHash ?? '']: inner.signatures, [outerHash ?? '']: bump.signatures };
    const submitted = await rig.horizon.submitTransaction(bump);
    expect(submitted).toMatchObject({ hash: outerHash, successful: true });

    for (const asked of [innerHash, outerHash]) {
      const told = await rig.horizon
        .transactions()
        .transaction(asked ?? '')
        .call();
      expect(told).toMatchObject({
        id: asked,
        hash: asked,
        signatures: signatures[asked ?? '']?.map(({ signature }) => Buffer.from(signature.value).toString('base64')),
        source_account: sender.publicKey(),
        fee_account: sponsor.publicKey(),
        fee_charged: '200',
        max_fee: '600',
        inner_transaction: { hash: innerHash, max_fee: '100' },
        fee_bump_transaction: { hash: outerHash },
      });
    }
    const { records } = await rig.horizon
      .operations()
      .forTransaction(innerHash ?? '')
      .call();
    expect(records).toMatchObject([{ type: 'payment', amount: '2.0000000' }]);
  });
});

describe('builders', () => {
  it('find accounts by signer, by asset and by sponsor, and read their data', async () => {
    const [issuer, holder, signer] = [await rig.funded('b issuer'), await rig.funded('b holder'), Keypair.random()];
    const usdc = usdcOf(issuer);
    await rig.send(
      holder,
      Operation.changeTrust({ asset: usdc }),
      Operation.setOptions({ signer: { ed25519PublicKey: signer.publicKey(), weight: 1 } }),
      Operation.manageData({ name: 'colour', value: 'red' }),
    );
    const { horizon } = rig;
    const ids = ({ records }: { records: { account_id: string }[] }) => records.map(({ account_id }) => account_id);
    expect(ids(await horizon.accounts().forSigner(signer.publicKey()).call())).toEqual([holder.publicKey()]);
    expect(ids(await horizon.accounts().forAsset(usdc).call())).toEqual([holder.publicKey()]);
    expect(ids(await horizon.accounts().sponsor(holder.publicKey()).call())).toEqual([]);
    const account = await horizon.loadAccount(holder.publicKey());
    expect(account.data_attr).toEqual({ colour: Buffer.from('red').toString('base64') });
    expect(account.balances.map(({ asset_type }) => asset_type)).toEqual(['credit_alphanum4', 'native']);
    expect(account.signers.map(({ key }) => key).toSorted()).toEqual(
      [holder.publicKey(), signer.publicKey()].toSorted(),
    );
  });

  it('walk from a ledger to its transactions, their operations and their effects', async () => {
    const [from, to] = [await rig.funded('w from'), await rig.funded('w to')];
    const { hash, ledger } = await rig.pay(from, to, '3');
    const { horizon } = rig;
    const ofLedger = await horizon.transactions().forLedger(ledger).call();
    expect(ofLedger.records.map((record) => record.hash)).toContain(hash);
    const transaction = await horizon.transactions().transaction(hash).call();
    const { records } = await horizon.payments().forTransaction(hash).call();
    expect(records).toHaveLength(1);
    const operation = await horizon
      .operations()
      .operation(records[0]?.id ?? '')
      .call();
    expect(operation).toMatchObject({ transaction_hash: hash, type: 'payment', amount: '3.0000000' });
    const effects = await horizon
      .effects()
      .forOperation(records[0]?.id ?? '')
      .call();
    expect(effects.records.map(({ type, account }) => [type, account])).toEqual([
      ['account_credited', to.publicKey()],
      ['account_debited', from.publicKey()],
    ]);
    expect(await transaction.ledger()).toMatchObject({ sequence: ledger });
    expect((await transaction.operations()).records).toMatchObject([{ id: records[0]?.id }]);
  });

  it('page by the links of the answers, forth and back', async () => {
    const [from, to] = [await rig.funded('p from'), await rig.funded('p to')];
    for (let amount = 1; amount <= 5; amount++) await rig.pay(from, to, String(amount));
    const first = await rig.horizon.payments().forAccount(to.publicKey()).limit(2).call();
    const second = await first.next();
    const third = await second.next();
    const ids = [first, second, third].flatMap(({ records }) => records.map(({ id }) => id));
    expect(new Set(ids).size).toBe(6);
    expect((await third.next()).records).toEqual([]);
    const back = await second.prev();
    expect(back.records.map(({ id }) => id)).toEqual(ids.slice(0, 2).toReversed());
  });

  it('tell assets and claimable balances', async () => {
    const [issuer, holder] = [await rig.funded('c issuer'), await rig.funded('c holder')];
    const usdc = usdcOf(issuer);
    await rig.send(holder, Operation.changeTrust({ asset: usdc }));
    await rig.send(issuer, Operation.payment({ destination: holder.publicKey(), asset: usdc, amount: '8' }));
    const { horizon } = rig;
    const { records } = await horizon.assets().forCode('USDC').forIssuer(issuer.publicKey()).call();
    expect(records).toMatchObject([{ asset_code: 'USDC', balances: { authorized: '8.0000000' } }]);
    const nobody = await horizon.claimableBalances().claimant(holder.publicKey()).call();
    expect(nobody.records).toEqual([]);
  });

  it('tell fees and the base fee', async () => {
    expect(await rig.horizon.fetchBaseFee()).toBe(100);
    expect(await rig.horizon.feeStats()).toMatchObject({ last_ledger_base_fee: '100' });
    const { minTime, maxTime } = await rig.horizon.fetchTimebounds(60);
    expect([Number(minTime), Number(maxTime) > 60]).toEqual([0, true]);
  });
});

describe('what cannot be answered', () => {
  const caught = (asked: Promise<unknown>) => asked.then(() => undefined).catch((error: unknown) => error);

  it('is an error of the kind that the client knows', async () => {
    const { horizon } = rig;
    const nobody = Keypair.random().publicKey();
    expect(await caught(horizon.accounts().accountId(nobody).call())).toBeInstanceOf(NotFoundError);
    expect(await caught(horizon.transactions().transaction('00'.repeat(32)).call())).toBeInstanceOf(NotFoundError);
    expect(await caught(horizon.operations().operation('1').call())).toMatchObject({ response: { status: 410 } });
    expect(await caught(horizon.payments().cursor('no cursor').call())).toMatchObject({
      response: { status: 400, extras: { invalid_field: 'cursor' } },
    });
    expect(await caught(horizon.payments().limit(1000).call())).toMatchObject({
      response: { status: 400, extras: { invalid_field: 'limit' } },
    });
  });

  it('names the result of the transaction and of each operation', async () => {
    const from = await rig.funded('failing');
    const source = await rig.horizon.loadAccount(from.publicKey());
    const tx = new TransactionBuilder(source, { fee: '100', networkPassphrase: rig.devnet.passphrase })
      .addOperation(Operation.bumpSequence({ bumpTo: '0' }))
      .addOperation(
        Operation.payment({ destination: Keypair.random().publicKey(), asset: Asset.native(), amount: '1' }),
      )
      .setTimeout(60)
      .build();
    tx.sign(from);
    expect(await caught(rig.horizon.submitTransaction(tx))).toMatchObject({
      response: {
        status: 400,
        data: {
          extras: { result_codes: { transaction: 'tx_failed', operations: ['op_success', 'op_no_destination'] } },
        },
      },
    });
  });
});

describe('an account that asks for a memo', () => {
  it('is paid with one only', async () => {
    const [from, to] = [await rig.funded('forgets the memo'), await rig.funded('needs the memo')];
    await rig.send(to, Operation.manageData({ name: 'config.memo_required', value: '1' }));
    const without = await rig.signedPayment(from, to, '1');
    await expect(rig.horizon.submitTransaction(without)).rejects.toThrow(AccountRequiresMemoError);
    await expect(rig.horizon.submitAsyncTransaction(without)).rejects.toThrow(AccountRequiresMemoError);
    const memo = Memo.text('for Ben');
    expect(await rig.pay(from, to, '1', { memo })).toMatchObject({ successful: true, memo: 'for Ben' });
  });
});
