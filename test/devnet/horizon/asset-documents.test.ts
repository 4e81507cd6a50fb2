import { Asset, AuthClawbackEnabledFlag, AuthRevocableFlag, Claimant, Keypair, Operation } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { expectDocuments, listedUnder, sendAll } from './document-rig.ts';
import { startHorizonRig } from './horizon-rig.ts';

it('trustlines, issuers and clawback', async () => {
  await using rig = await startHorizonRig();
  const [issuer, ann] = [await rig.funded('issuer'), await rig.funded('ann')];
  const [i, a] = [issuer.publicKey(), ann.publicKey()];
  const asset = new Asset('USDC', i);
  const named = { asset_type: 'credit_alphanum4', asset_code: 'USDC', asset_issuer: i };
  const flags = (AuthRevocableFlag | AuthClawbackEnabledFlag) as never;
  const sent = await sendAll(
    rig,
    [issuer, ann],
    [
      Operation.setOptions({ setFlags: flags }),
      Operation.changeTrust({ asset, limit: '100', source: a }),
      Operation.payment({ destination: a, asset, amount: '10' }),
      Operation.setTrustLineFlags({
        trustor: a,
        asset,
        flags: { authorized: false, authorizedToMaintainLiabilities: true },
      }),
      Operation.allowTrust({ trustor: a, assetCode: 'USDC', authorize: 1 } as never),
      Operation.clawback({ asset, amount: '4', from: a }),
    ],
  );
  await expectDocuments(
    rig,
    sent,
    {
      source_account: i,
      type: 'set_options',
      type_i: 5,
      set_flags: [2, 8],
      set_flags_s: ['auth_revocable', 'auth_clawback_enabled'],
    },
    { source_account: a, type: 'change_trust', type_i: 6, ...named, limit: '100.0000000', trustee: i, trustor: a },
    { source_account: i, type: 'payment', type_i: 1, ...named, from: i, to: a, amount: '10.0000000' },
    {
      source_account: i,
      type: 'set_trust_line_flags',
      type_i: 21,
      ...named,
      trustor: a,
      set_flags: [2],
      set_flags_s: ['authorized_to_maintain_liabilites'],
      clear_flags: [1],
      clear_flags_s: ['authorized'],
    },
    {
      source_account: i,
      type: 'allow_trust',
      type_i: 7,
      ...named,
      trustee: i,
      trustor: a,
      authorize: true,
      authorize_to_maintain_liabilities: true,
    },
    { source_account: i, type: 'clawback', type_i: 19, ...named, from: a, amount: '4.0000000' },
  );
  const effects = await rig.json(`/operations/${sent.documents[4]?.id}/effects`);
  expect(effects._embedded.records).toMatchObject([
    {
      type: 'trustline_authorized',
      type_i: 23,
      account: i,
      trustor: a,
      asset_type: 'credit_alphanum4',
      asset_code: 'USDC',
    },
    { type: 'trustline_flags_updated', type_i: 26, account: i, trustor: a, authorized_flag: true },
  ]);
});

it('claimable balances and whoever keeps their reserve', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob] = [await rig.funded('ann'), await rig.funded('bob')];
  const [a, b] = [ann.publicKey(), bob.publicKey()];
  const claimants = [new Claimant(b)];
  const made = await sendAll(
    rig,
    [ann],
    [Operation.createClaimableBalance({ asset: Asset.native(), amount: '2', claimants })],
  );
  await expectDocuments(rig, made, {
    source_account: a,
    type: 'create_claimable_balance',
    type_i: 14,
    asset: 'native',
    amount: '2.0000000',
    claimants: [{ destination: b, predicate: { unconditional: true } }],
    sponsor: a,
  });
  const balances = await rig.json(`/claimable_balances?claimant=${b}`);
  const balance_id = String(balances._embedded.records[0]?.id);
  const claimed = await sendAll(rig, [bob], [Operation.claimClaimableBalance({ balanceId: balance_id })]);
  await expectDocuments(rig, claimed, {
    source_account: b,
    type: 'claim_claimable_balance',
    type_i: 15,
    balance_id,
    claimant: b,
  });
});

it('sponsorship: who begins, for whom, what is made under it, and what is revoked', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob, cy] = [await rig.funded('ann'), await rig.funded('bob'), await rig.funded('cy')];
  const [a, b, signer] = [ann.publicKey(), bob.publicKey(), cy.publicKey()];
  const sent = await sendAll(
    rig,
    [ann, bob],
    [
      Operation.beginSponsoringFutureReserves({ sponsoredId: b }),
      Operation.manageData({ name: 'colour', value: 'blue', source: b }),
      Operation.setOptions({ signer: { ed25519PublicKey: signer, weight: 1 }, source: b }),
      Operation.endSponsoringFutureReserves({ source: b }),
      Operation.revokeDataSponsorship({ account: b, name: 'colour' }),
      Operation.revokeSignerSponsorship({ account: b, signer: { ed25519PublicKey: signer } }),
    ],
  );
  const value = Buffer.from('blue').toString('base64');
  await expectDocuments(
    rig,
    sent,
    { source_account: a, type: 'begin_sponsoring_future_reserves', type_i: 16, sponsored_id: b },
    { source_account: b, type: 'manage_data', type_i: 10, name: 'colour', value, sponsor: a },
    { source_account: b, type: 'set_options', type_i: 5, signer_key: signer, signer_weight: 1, sponsor: a },
    { source_account: b, type: 'end_sponsoring_future_reserves', type_i: 17, begin_sponsor: a },
    { source_account: a, type: 'revoke_sponsorship', type_i: 18, data_account_id: b, data_name: 'colour' },
    { source_account: a, type: 'revoke_sponsorship', type_i: 18, signer_account_id: b, signer_key: signer },
  );
  // Both are concerned by all of it: the one as source or sponsor, the other as source or as whom it is about.
  const ids = sent.documents.map(({ id }) => id);
  expect((await listedUnder(rig, a)).filter((id) => ids.includes(id))).toEqual(ids);
  expect((await listedUnder(rig, b)).filter((id) => ids.includes(id))).toEqual(ids);
  // A signer is nobody whom it concerns: anyone could fill the history of any account that way.
  expect((await listedUnder(rig, signer)).filter((id) => ids.includes(id))).toEqual([]);
});

it('a claimable balance of an issuer who may take it back is clawed back', async () => {
  await using rig = await startHorizonRig();
  const [issuer, ann] = [await rig.funded('issuer'), await rig.funded('ann')];
  const [i, a] = [issuer.publicKey(), ann.publicKey()];
  const asset = new Asset('USDC', i);
  const claimants = [new Claimant(a)];
  const setFlags = (AuthRevocableFlag | AuthClawbackEnabledFlag) as never;
  await sendAll(
    rig,
    [issuer],
    [Operation.setOptions({ setFlags }), Operation.createClaimableBalance({ asset, amount: '2', claimants })],
  );
  const balances = await rig.json(`/claimable_balances?claimant=${a}`);
  const balance_id = String(balances._embedded.records[0]?.id);
  const sent = await sendAll(rig, [issuer], [Operation.clawbackClaimableBalance({ balanceId: balance_id })]);
  await expectDocuments(rig, sent, { source_account: i, type: 'clawback_claimable_balance', type_i: 20, balance_id });
});

it('what is revoked is named by its kind: an account, a trustline, a balance', async () => {
  await using rig = await startHorizonRig();
  const [ann, bob, issuer] = [await rig.funded('ann'), await rig.funded('bob'), await rig.funded('issuer')];
  const [a, b, i] = [ann.publicKey(), bob.publicKey(), issuer.publicKey()];
  const cy = Keypair.random();
  const asset = new Asset('USDC', i);
  await sendAll(
    rig,
    [ann, bob, cy],
    [
      Operation.beginSponsoringFutureReserves({ sponsoredId: cy.publicKey() }),
      Operation.createAccount({ destination: cy.publicKey(), startingBalance: '10' }),
      Operation.endSponsoringFutureReserves({ source: cy.publicKey() }),
      Operation.beginSponsoringFutureReserves({ sponsoredId: b }),
      Operation.changeTrust({ asset, source: b }),
      Operation.endSponsoringFutureReserves({ source: b }),
    ],
  );
  const common = { source_account: a, type: 'revoke_sponsorship', type_i: 18 };
  const sent = await sendAll(
    rig,
    [ann],
    [
      Operation.revokeAccountSponsorship({ account: cy.publicKey() }),
      Operation.revokeTrustlineSponsorship({ account: b, asset }),
    ],
  );
  await expectDocuments(
    rig,
    sent,
    { ...common, account_id: cy.publicKey() },
    { ...common, trustline_account_id: b, trustline_asset: `USDC:${i}` },
  );
});
