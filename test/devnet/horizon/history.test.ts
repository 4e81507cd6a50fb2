import { type Horizon, Keypair, Memo, Operation } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usdcOf } from '../rig.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

/** The Horizon subset as the unchanged SDK sees it. */

let rig: HorizonRig;
let horizon: Horizon.Server;
beforeAll(async () => {
  rig = await startHorizonRig();
  horizon = rig.horizon;
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('Horizon', () => {
  it('shows accounts with balances, signers and data', async () => {
    const issuer = await rig.funded('horizon issuer');
    const who = await rig.funded('horizon holder');
    const signer = { ed25519PublicKey: issuer.publicKey(), weight: 3 };
    await rig.send(
      who,
      Operation.changeTrust({ asset: usdcOf(issuer), limit: '500' }),
      Operation.manageData({ name: 'note', value: 'hello' }),
      Operation.setOptions({ signer, homeDomain: 'example.com', highThreshold: 3 }),
    );
    const account = await horizon.loadAccount(who.publicKey());
    expect(account.balances).toMatchObject([
      { asset_type: 'credit_alphanum4', asset_code: 'USDC', balance: '0.0000000', limit: '500.0000000' },
      { asset_type: 'native', balance: '9999.9999700' },
    ]);
    expect(account).toMatchObject({ subentry_count: 3, home_domain: 'example.com', thresholds: { high_threshold: 3 } });
    expect(account.signers.map(({ key, weight }) => [key, weight])).toEqual([
      [issuer.publicKey(), 3],
      [who.publicKey(), 1],
    ]);
    expect(account.data_attr).toEqual({ note: Buffer.from('hello').toString('base64') });
  });

  it('submits transactions and names what went wrong', async () => {
    const from = await rig.funded('submitter');
    const to = await rig.funded('receiver');
    const sent = await rig.pay(from, to, '5', { memo: Memo.text('for you') });
    expect(sent).toMatchObject({ successful: true, memo: 'for you', memo_type: 'text', operation_count: 1 });
    const failure = await rig.pay(from, to, '100000').catch((error) => error.response.data);
    expect(failure).toMatchObject({
      status: 400,
      title: 'Transaction Failed',
      extras: { result_codes: { transaction: 'tx_failed', operations: ['op_underfunded'] } },
    });
    const stranger = Keypair.random();
    const missing = await rig.pay(from, stranger, '1').catch((error) => error.response.data);
    expect(missing.extras.result_codes.operations).toEqual(['op_no_destination']);
    await expect(horizon.loadAccount(stranger.publicKey())).rejects.toMatchObject({ response: { status: 404 } });
  });

  it('pages payments both ways without a gap', async () => {
    const from = await rig.funded('pager');
    const to = await rig.funded('paged');
    for (const amount of ['1', '2', '3', '4', '5']) await rig.pay(from, to, amount);
    const first = await horizon.payments().forAccount(to.publicKey()).limit(4).call();
    const second = await first.next();
    expect([...first.records, ...second.records].map((record) => amountOf(record))).toEqual([
      '10000.0000000',
      '1.0000000',
      '2.0000000',
      '3.0000000',
      '4.0000000',
      '5.0000000',
    ]);
    const newest = await horizon.payments().forAccount(to.publicKey()).order('desc').limit(2).call();
    expect(newest.records.map((record) => amountOf(record))).toEqual(['5.0000000', '4.0000000']);
  });

  it('lists an invocation that moves an asset among the payments of those it moves', async () => {
    const issuer = await rig.funded('contract issuer');
    const holder = await rig.funded('contract holder');
    const usdc = usdcOf(issuer);
    await rig.send(holder, Operation.changeTrust({ asset: usdc }));
    await rig.send(holder, Operation.createStellarAssetContract({ asset: usdc }));
    const client = await rig.client(usdc.contractId(rig.devnet.passphrase), issuer);
    const { mint } = client as unknown as {
      mint(args: { to: string; amount: bigint }): Promise<{ signAndSend(): Promise<unknown> }>;
    };
    await (await mint({ to: holder.publicKey(), amount: 12_300_000n })).signAndSend();
    const { records } = await horizon.payments().forAccount(holder.publicKey()).order('desc').limit(1).call();
    expect(records[0]).toMatchObject({
      type: 'invoke_host_function',
      asset_balance_changes: [{ type: 'mint', asset_code: 'USDC', to: holder.publicKey(), amount: '1.2300000' }],
    });
  });

  it('streams payments with the memo of their transaction, once each, over a reconnect', async () => {
    const from = await rig.funded('streamer');
    const to = await rig.funded('streamed');
    const seen: string[] = [];
    const five = Promise.withResolvers<void>();
    // A limit of two records ends the stream after two: the SDK comes again with its cursor.
    const stop = horizon
      .payments()
      .forAccount(to.publicKey())
      .join('transactions')
      .cursor('1')
      .limit(2)
      .stream({
        onmessage(record) {
          seen.push(amountOf(record));
          if (seen.length === 5) five.resolve();
        },
      });
    for (const amount of ['1', '2', '3', '4']) await rig.pay(from, to, amount, { memo: Memo.id('7') });
    await five.promise;
    stop();
    expect(seen).toEqual(['10000.0000000', '1.0000000', '2.0000000', '3.0000000', '4.0000000']);
  });

  it('answers its root, ledgers, fees and transactions', async () => {
    expect(await horizon.root()).toMatchObject({ network_passphrase: rig.devnet.passphrase, history_elder_ledger: 1 });
    const ledger = rig.devnet.latestLedger();
    expect(await horizon.ledgers().ledger(ledger.sequence).call()).toMatchObject({ hash: ledger.hash });
    expect((await horizon.feeStats()).max_fee.mode).toBe('100');
    const { records } = await horizon.transactions().order('desc').limit(1).call();
    const [latest] = records;
    expect(latest && (await horizon.transactions().transaction(latest.hash).call()).hash).toBe(latest?.hash);
  });

  it('keeps the history of an account that was merged away, and has none of one that never was', async () => {
    const gone = await rig.funded('merged away');
    const heir = await rig.funded('heir');
    await rig.send(gone, Operation.accountMerge({ destination: heir.publicKey() }));
    await expect(horizon.loadAccount(gone.publicKey())).rejects.toMatchObject({ response: { status: 404 } });
    const { records } = await horizon.payments().forAccount(gone.publicKey()).call();
    expect(records.map(({ type }) => type)).toEqual(['create_account', 'account_merge']);
    const stranger = horizon.payments().forAccount(Keypair.random().publicKey());
    await expect(stranger.call()).rejects.toMatchObject({ response: { status: 404 } });
  });
});

/** What came in, whether with the account or later. */
function amountOf(record: object): string {
  if ('amount' in record) return String(record.amount);
  return 'starting_balance' in record ? String(record.starting_balance) : '';
}
