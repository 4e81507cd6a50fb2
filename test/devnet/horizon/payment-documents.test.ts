import { Asset, AuthRequiredFlag, AuthRevocableFlag, Keypair, Operation } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { expectDocuments, muxedAddress, sendAll } from './document-rig.ts';
import { startHorizonRig } from './horizon-rig.ts';

it('accounts, payments and settings', async () => {
  await using rig = await startHorizonRig();
  const ann = await rig.funded('ann');
  const bob = Keypair.random();
  const [a, b] = [ann.publicKey(), bob.publicKey()];
  const from = muxedAddress(a, '7');
  const source = { source_account: a, source_account_muxed: from, source_account_muxed_id: '7' };
  const native = Asset.native();
  const sent = await sendAll(
    rig,
    [ann],
    [
      Operation.createAccount({ destination: b, startingBalance: '50', source: from }),
      Operation.payment({ destination: muxedAddress(b, '9'), asset: native, amount: '2.5', source: from }),
      Operation.pathPaymentStrictSend({
        destination: b,
        sendAsset: native,
        destAsset: native,
        sendAmount: '1',
        destMin: '0.5',
        path: [],
      }),
      Operation.setOptions({
        setFlags: (AuthRequiredFlag | AuthRevocableFlag) as never,
        homeDomain: 'example.org',
        masterWeight: 10,
        lowThreshold: 1,
        medThreshold: 2,
        highThreshold: 3,
        signer: { ed25519PublicKey: b, weight: 4 },
      }),
      Operation.setOptions({ clearFlags: AuthRequiredFlag }),
      Operation.manageData({ name: 'colour', value: 'blue' }),
      Operation.manageData({ name: 'colour', value: null }),
      Operation.bumpSequence({ bumpTo: '0' }),
    ],
  );
  await expectDocuments(
    rig,
    sent,
    {
      ...source,
      type: 'create_account',
      type_i: 0,
      starting_balance: '50.0000000',
      funder: a,
      funder_muxed: from,
      funder_muxed_id: '7',
      account: b,
    },
    {
      ...source,
      type: 'payment',
      type_i: 1,
      asset_type: 'native',
      from: a,
      from_muxed: from,
      from_muxed_id: '7',
      to: b,
      to_muxed: muxedAddress(b, '9'),
      to_muxed_id: '9',
      amount: '2.5000000',
    },
    {
      source_account: a,
      type: 'path_payment_strict_send',
      type_i: 13,
      asset_type: 'native',
      from: a,
      to: b,
      amount: '1.0000000',
      source_amount: '1.0000000',
      destination_min: '0.5000000',
      path: [],
      source_asset_type: 'native',
    },
    {
      source_account: a,
      type: 'set_options',
      type_i: 5,
      home_domain: 'example.org',
      master_key_weight: 10,
      signer_key: b,
      signer_weight: 4,
      set_flags: [1, 2],
      set_flags_s: ['auth_required', 'auth_revocable'],
      low_threshold: 1,
      med_threshold: 2,
      high_threshold: 3,
    },
    { source_account: a, type: 'set_options', type_i: 5, clear_flags: [1], clear_flags_s: ['auth_required'] },
    {
      source_account: a,
      type: 'manage_data',
      type_i: 10,
      name: 'colour',
      value: Buffer.from('blue').toString('base64'),
    },
    { source_account: a, type: 'manage_data', type_i: 10, name: 'colour', value: '' },
    { source_account: a, type: 'bump_sequence', type_i: 11, bump_to: '0' },
  );
  const left = await sendAll(
    rig,
    [ann, bob],
    [Operation.accountMerge({ destination: muxedAddress(a, '3'), source: muxedAddress(b, '4') })],
  );
  await expectDocuments(rig, left, {
    source_account: b,
    source_account_muxed: muxedAddress(b, '4'),
    source_account_muxed_id: '4',
    type: 'account_merge',
    type_i: 8,
    account: b,
    account_muxed: muxedAddress(b, '4'),
    account_muxed_id: '4',
    into: a,
    into_muxed: muxedAddress(a, '3'),
    into_muxed_id: '3',
  });
});

it('a muxed id of zero is not told, as by the structure that leaves out what is zero', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const to = muxedAddress(bob.publicKey(), '0');
  const sent = await sendAll(rig, [ann], [Operation.payment({ destination: to, asset: Asset.native(), amount: '1' })]);
  expect(sent.documents[0]).toMatchObject({ to: bob.publicKey(), to_muxed: to });
  expect(sent.documents[0]).not.toHaveProperty('to_muxed_id');
});

it('a payment of what shall arrive, and one that fails in its ledger', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const [a, b] = [ann.publicKey(), bob.publicKey()];
  const native = Asset.native();
  const paths = { sendAsset: native, destAsset: native, destination: b, path: [] };
  const common = {
    source_account: a,
    type: 'path_payment_strict_receive',
    type_i: 2,
    asset_type: 'native',
    from: a,
    to: b,
  };
  const sent = await sendAll(
    rig,
    [ann],
    [Operation.pathPaymentStrictReceive({ ...paths, destAmount: '2', sendMax: '3' })],
  );
  await expectDocuments(rig, sent, {
    ...common,
    amount: '2.0000000',
    source_amount: '2.0000000',
    source_max: '3.0000000',
    path: [],
    source_asset_type: 'native',
  });
  const failed = await rig.send(ann, Operation.payment({ destination: b, asset: native, amount: '900000' }));
  const page = await rig.json(`/transactions/${failed.txHash}/operations?include_failed=true`);
  expect(page._embedded.records).toMatchObject([
    { type: 'payment', amount: '900000.0000000', transaction_successful: false },
  ]);
});
