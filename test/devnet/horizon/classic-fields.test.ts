import { Asset, Claimant, Operation, StrKey } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { startHorizonRig } from './horizon-rig.ts';

it('a path payment is a payment of whom it pays, and says what it would have paid at most', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const native = Asset.native();
  const to = { sendAsset: native, destAsset: native, destination: bob.publicKey(), path: [] };
  await rig.send(ann, Operation.pathPaymentStrictReceive({ ...to, destAmount: '2', sendMax: '3' }));
  const page = await rig.json(`/accounts/${bob.publicKey()}/payments?order=desc&limit=1`);
  expect(page._embedded.records[0]).toMatchObject({
    type: 'path_payment_strict_receive',
    from: ann.publicKey(),
    to: bob.publicKey(),
    asset_type: 'native',
    amount: '2.0000000',
    source_asset_type: 'native',
    source_amount: '2.0000000',
    source_max: '3.0000000',
    path: [],
  });
});

it('a new claimable balance is an operation of those who may claim it', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const claimants = [new Claimant(bob.publicKey())];
  await rig.send(ann, Operation.createClaimableBalance({ asset: Asset.native(), amount: '2', claimants }));
  const page = await rig.json(`/accounts/${bob.publicKey()}/operations?order=desc&limit=1`);
  expect(page._embedded.records[0]).toMatchObject({
    type: 'create_claimable_balance',
    asset: 'native',
    amount: '2.0000000',
    claimants: [{ destination: bob.publicKey(), predicate: { unconditional: true } }],
  });
});

it('options tell signers of every kind by their own key text', async () => {
  await using rig = await startHorizonRig();
  const ann = await rig.funded('ann');
  await rig.send(ann, Operation.setOptions({ signer: { sha256Hash: '07'.repeat(32), weight: 1 } }));
  const page = await rig.json(`/accounts/${ann.publicKey()}/operations?order=desc&limit=1`);
  const signer_key = StrKey.encodeSha256Hash(Buffer.alloc(32, 7));
  expect(page._embedded.records[0]).toMatchObject({ type: 'set_options', signer_key, signer_weight: 1 });
});
