import { Asset, Keypair } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usdcOf } from '../rig.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('the resources of trade', () => {
  it('are there for the stock client, and empty', async () => {
    const who = await rig.funded('no trader');
    const { horizon } = rig;
    const usdc = usdcOf(who);
    const pages = [
      horizon.offers().forAccount(who.publicKey()),
      horizon.trades(),
      horizon.trades().forAccount(who.publicKey()),
      horizon.trades().forAssetPair(Asset.native(), usdc),
      horizon.liquidityPools(),
      horizon.tradeAggregation(Asset.native(), usdc, 0, 3_600_000, 3_600_000, 0),
    ];
    for (const page of pages) expect((await page.call()).records).toEqual([]);
    expect(await horizon.orderbook(Asset.native(), usdc).call()).toMatchObject({
      bids: [],
      asks: [],
      base: { asset_type: 'native' },
      counter: { asset_code: 'USDC', asset_issuer: who.publicKey() },
    });
    await expect(horizon.offers().offer('7').call()).rejects.toMatchObject({ response: { status: 404 } });
  });

  it('lead payments from an asset to itself and no further', async () => {
    const who = await rig.funded('pathfinder');
    const usdc = usdcOf(who);
    const { horizon } = rig;
    const trivial = { source_amount: '5.0000000', destination_amount: '5.0000000', path: [] };
    expect((await horizon.strictReceivePaths([Asset.native(), usdc], Asset.native(), '5').call()).records).toEqual([
      { ...trivial, source_asset_type: 'native', destination_asset_type: 'native' },
    ]);
    expect((await horizon.strictReceivePaths(who.publicKey(), Asset.native(), '5').call()).records).toHaveLength(1);
    expect((await horizon.strictSendPaths(usdc, '5', [usdc]).call()).records).toMatchObject([
      { ...trivial, source_asset_code: 'USDC' },
    ]);
    expect((await horizon.strictSendPaths(usdc, '5', [Asset.native()]).call()).records).toEqual([]);
    const nobody = Keypair.random().publicKey();
    expect((await horizon.strictSendPaths(usdc, '5', nobody).call()).records).toEqual([]);
  });

  it('name what is wrong with a question', async () => {
    expect(await rig.json('/order_book?selling_asset_type=native')).toMatchObject({
      type: 'https://stellar.org/horizon-errors/invalid_order_book',
      title: 'Invalid Order Book Parameters',
      status: 400,
    });
    const field = async (path: string) => (await rig.json(path)).extras;
    expect(await field('/offers/x')).toMatchObject({ invalid_field: 'offer_id' });
    expect(await field('/accounts/GX/offers')).toMatchObject({ invalid_field: 'account_id' });
    expect(await field('/trades?trade_type=all-of-them')).toMatchObject({ invalid_field: 'trade_type' });
    const to = 'destination_asset_type=native&source_assets=native&destination_amount=';
    for (const amount of ['', '0', '-1', '1.00000001', 'x', '9'.repeat(12)]) {
      expect(await field(`/paths/strict-receive?${to}${amount}`)).toMatchObject({
        invalid_field: 'destination_amount',
      });
    }
    const both = `${to}1&source_account=${Keypair.random().publicKey()}`;
    expect(await field(`/paths?${both}`)).toMatchObject({ invalid_field: 'source_assets' });
  });
});

describe('health', () => {
  it('is told in its own type', async () => {
    const answer = await rig.get('/health');
    expect(answer.headers.get('content-type')).toBe('application/health+json; charset=utf-8');
    expect(await answer.json()).toEqual({ database_connected: true, core_up: true, core_synced: true });
  });
});
