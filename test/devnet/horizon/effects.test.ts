import { Address, Asset, Claimant, Contract, type Keypair, nativeToScVal, Operation } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEffectArchive } from '../../../src/devnet/horizon/effect-archive.ts';
import { accountText } from '../../../src/devnet/ledger/envelope.ts';
import { startChain } from '../chain-rig.ts';
import { entriesOf, live } from '../ledger/random-life.ts';
import { life } from '../ledger/random-steps.ts';
import { keypair, usdcOf } from '../rig.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

/** What Horizon says became of an account, by operation. */

let rig: HorizonRig;
let issuer: Keypair;
let ann: Keypair;
let usdc: Asset;
beforeAll(async () => {
  rig = await startHorizonRig();
  [issuer, ann] = [await rig.funded('issuer'), await rig.funded('ann')];
  usdc = usdcOf(issuer);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Effects of the newest transaction, without what all effects have. */
async function effectsOf(source: Keypair, ...operations: Parameters<HorizonRig['send']>[1][]) {
  const { txHash } = await rig.send(source, ...operations);
  const page = await rig.json(`/transactions/${txHash}/effects?limit=200`);
  return page._embedded.records.map(
    ({ _links, id, paging_token, created_at, type_i, ...effect }) => effect as Record<string, unknown>,
  );
}

const native = { asset_type: 'native' };
const credit = () => ({ asset_type: 'credit_alphanum4', asset_code: 'USDC', asset_issuer: issuer.publicKey() });

describe('effects', () => {
  it('of a payment credit first and debit then', async () => {
    const payment = Operation.payment({ destination: issuer.publicKey(), asset: Asset.native(), amount: '3' });
    expect(await effectsOf(ann, payment)).toEqual([
      { account: issuer.publicKey(), type: 'account_credited', amount: '3.0000000', ...native },
      { account: ann.publicKey(), type: 'account_debited', amount: '3.0000000', ...native },
    ]);
  });

  it('of a new account tell its balance and its first signer', async () => {
    const fresh = keypair('fresh').publicKey();
    expect(await effectsOf(ann, Operation.createAccount({ destination: fresh, startingBalance: '5' }))).toEqual([
      { account: fresh, type: 'account_created', starting_balance: '5.0000000' },
      { account: ann.publicKey(), type: 'account_debited', amount: '5.0000000', ...native },
      { account: fresh, type: 'signer_created', weight: 1, public_key: fresh, key: '' },
    ]);
  });

  it('of a trustline tell its beginning, change and end', async () => {
    const account = ann.publicKey();
    const trust = (limit?: string) => Operation.changeTrust({ asset: usdc, ...(limit ? { limit } : {}) });
    expect(await effectsOf(ann, trust('10'), trust('20'), trust('0'))).toEqual([
      { account, type: 'trustline_created', limit: '10.0000000', ...credit() },
      { account, type: 'trustline_updated', limit: '20.0000000', ...credit() },
      { account, type: 'trustline_removed', limit: '0.0000000', ...credit() },
    ]);
  });

  it('of options tell what is new, signers last', async () => {
    const who = await rig.funded('options');
    const account = who.publicKey();
    const signer = { ed25519PublicKey: ann.publicKey(), weight: 2 };
    const options = Operation.setOptions({ homeDomain: 'home.example', lowThreshold: 1, masterWeight: 3, signer });
    const effects = await effectsOf(who, options);
    expect(effects).toEqual([
      { account, type: 'account_home_domain_updated', home_domain: 'home.example' },
      {
        account,
        type: 'account_thresholds_updated',
        low_threshold: 1,
        med_threshold: 0,
        high_threshold: 0,
      },
      { account, type: 'signer_updated', weight: 3, public_key: account, key: '' },
      { account, type: 'signer_created', weight: 2, public_key: ann.publicKey(), key: '' },
    ]);
  });

  it('of data tell name and value', async () => {
    const account = ann.publicKey();
    const data = (value: string | null) => Operation.manageData({ name: 'colour', value });
    expect(await effectsOf(ann, data('red'), data('blue'), data(null))).toEqual([
      { account, type: 'data_created', name: 'colour', value: 'cmVk' },
      { account, type: 'data_updated', name: 'colour', value: 'Ymx1ZQ==' },
      { account, type: 'data_removed', name: 'colour' },
    ]);
  });

  it('of a merge move all there is and end the account', async () => {
    const who = await rig.funded('merging');
    const effects = await effectsOf(who, Operation.accountMerge({ destination: ann.publicKey() }));
    expect(effects).toEqual([
      { account: who.publicKey(), type: 'account_debited', amount: '9999.9999900', ...native },
      { account: ann.publicKey(), type: 'account_credited', amount: '9999.9999900', ...native },
      { account: who.publicKey(), type: 'account_removed' },
    ]);
  });

  it('of an invocation tell what it moved, for contracts on the account that invoked', async () => {
    await rig.send(ann, Operation.changeTrust({ asset: usdc }));
    await rig.send(issuer, Operation.createStellarAssetContract({ asset: usdc }));
    const sac = new Contract(usdc.contractId(rig.devnet.passphrase));
    await rig.send(
      issuer,
      sac.call('mint', new Address(ann.publicKey()).toScVal(), nativeToScVal(70n, { type: 'i128' })),
    );
    const args = [ann.publicKey(), sac.contractId()].map((who) => new Address(who).toScVal());
    const effects = await effectsOf(ann, sac.call('transfer', ...args, nativeToScVal(50n, { type: 'i128' })));
    const moved = { amount: '0.0000050', ...credit() };
    expect(effects).toEqual([
      { account: ann.publicKey(), type: 'account_debited', ...moved },
      { account: ann.publicKey(), type: 'contract_credited', contract: sac.contractId(), ...moved },
    ]);
    const [listed] = (await rig.json(`/assets?asset_code=USDC&asset_issuer=${issuer.publicKey()}`))._embedded.records;
    expect(listed).toMatchObject({
      contract_id: sac.contractId(),
      accounts: { authorized: 1, unauthorized: 0 },
      num_contracts: 1,
      contracts_amount: '0.0000050',
      balances: { authorized: '0.0000020' },
    });
  });

  it('of a failed transaction are none', async () => {
    const nobody = keypair('nobody').publicKey();
    const payment = Operation.payment({ destination: nobody, asset: Asset.native(), amount: '1' });
    expect(await effectsOf(ann, payment)).toEqual([]);
  });

  it('are listed by account, ledger and operation, and the stock client pages through them', async () => {
    const { records } = await rig.horizon.effects().forAccount(ann.publicKey()).limit(200).call();
    expect(records.length).toBeGreaterThan(5);
    const walked: string[] = [];
    let page = await rig.horizon.effects().forAccount(ann.publicKey()).limit(3).call();
    while (page.records.length > 0) {
      walked.push(...page.records.map(({ id }) => id));
      page = await page.next();
    }
    expect(walked).toEqual(records.map(({ id }) => id));
    const [first] = records;
    const operation = String(first?.paging_token.split('-')[0]);
    const ofOperation = await rig.horizon.effects().forOperation(operation).call();
    expect(ofOperation.records.map(({ id }) => id)).toContain(first?.id);
  });
});

describe('a claimable balance', () => {
  it('is listed while it waits, and keeps its history when it was claimed', async () => {
    const claimant = await rig.funded('claimant');
    const claimants = [new Claimant(claimant.publicKey())];
    await rig.send(ann, Operation.createClaimableBalance({ asset: Asset.native(), amount: '7', claimants }));
    const { horizon } = rig;
    const [waiting] = (await horizon.claimableBalances().claimant(claimant.publicKey()).call()).records;
    expect(waiting).toMatchObject({ asset: 'native', amount: '7.0000000', sponsor: ann.publicKey() });
    const id = waiting?.id ?? '';
    expect((await horizon.claimableBalances().claimableBalance(id).call()).id).toBe(id);
    await rig.send(claimant, Operation.claimClaimableBalance({ balanceId: id }));
    expect((await rig.json(`/claimable_balances/${id}`)).status).toBe(404);
    const operations = await horizon.operations().forClaimableBalance(id).call();
    expect(operations.records.map(({ type }) => type)).toEqual(['create_claimable_balance', 'claim_claimable_balance']);
    expect((await horizon.transactions().forClaimableBalance(id).call()).records).toHaveLength(2);
    const other = `${id.slice(0, -2)}${id.endsWith('00') ? '01' : '00'}`;
    expect((await rig.json(`/claimable_balances/${other}/operations`)).status).toBe(404);
    expect((await rig.json('/claimable_balances/none/operations')).status).toBe(400);
  });
});

describe('accounts', () => {
  it('are found by signer, by asset and by nothing else', async () => {
    const { horizon } = rig;
    const bySigner = await horizon.accounts().forSigner(ann.publicKey()).call();
    expect(bySigner.records.map(({ id }) => id).sort()).toEqual(
      [ann.publicKey(), keypair('options').publicKey()].sort(),
    );
    const byAsset = await horizon.accounts().forAsset(usdc).call();
    expect(byAsset.records.map(({ id }) => id)).toEqual([ann.publicKey()]);
    expect((await rig.json('/accounts')).status).toBe(400);
    expect((await rig.json(`/accounts?signer=${ann.publicKey()}&asset=USDC:${issuer.publicKey()}`)).status).toBe(400);
  });
});

describe('the effects of random transactions', () => {
  it('add up to what accounts hold, but for their fees', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const random = startChain();
        live(random, sendings);
        const sums = new Map<string, bigint>();
        const add = (who: string, asset: string, amount: bigint) =>
          sums.set(`${who} ${asset}`, (sums.get(`${who} ${asset}`) ?? 0n) + amount);
        const effects = createEffectArchive(random.chain).list();
        for (let index = 0; index < effects.length; index++) {
          const effect = effects.at(index)?.effect;
          if (!effect) throw new Error('a list has something at every place');
          const { type, fields } = effect;
          const asset = String(fields.asset_code ?? 'native');
          if (type === 'account_created') add(effect.account, 'native', stroops(fields.starting_balance));
          if (type === 'account_credited') add(effect.account, asset, stroops(fields.amount));
          if (type === 'account_debited') add(effect.account, asset, -stroops(fields.amount));
        }
        for (const { record } of random.closed) {
          for (const { signed, feeChargedStroops } of record.transactions) {
            add(accountText(signed.source), 'native', -feeChargedStroops);
          }
        }
        for (const data of entriesOf(random)) {
          if (data.type === 'trustline')
            expect(sums.get(`${accountText(data.trustLine.accountId)} USDC`) ?? 0n).toBe(data.trustLine.balance);
          if (data.type !== 'account' || data.account.accountId.equals(random.chain.network.root.xdrPublicKey()))
            continue;
          expect(sums.get(`${accountText(data.account.accountId)} native`)).toBe(data.account.balance);
        }
      }),
      { numRuns: 50 },
    );
  });
});

function stroops(amount: unknown): bigint {
  return BigInt(String(amount).replace('.', ''));
}
