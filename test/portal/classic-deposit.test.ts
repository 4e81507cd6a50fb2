import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/catalog/model.ts';
import { fakeClock } from '../../src/clock.ts';
import { createRateLimiter, type RateLimiter } from '../../src/limits/rate.ts';
import { units } from '../../src/money.ts';
import { type ClassicView, type DepositDeps, depositDetails } from '../../src/portal/classic-deposit.ts';
import { paymentUri } from '../../src/portal/payment-uri.ts';
import { stellarToml } from '../../src/portal/well-known.ts';
import { addressOf } from '../settlement/rig.ts';

const alice = addressOf('alice');
const address = addressOf('deposit account');
const asset = { code: 'USDC', issuer: addressOf('issuer') };
const config = {
  gateway: { publicUrl: 'https://api.example.com' },
  stellar: { network: 'custom', passphrase: 'Net & "more" + 1', rpcUrl: 'https://rpc.example', vault: 'CVAULT' },
} as unknown as Config;

function deps(change: Partial<DepositDeps> = {}): DepositDeps & { limiter: RateLimiter } {
  return {
    limiter: createRateLimiter({ clock: fakeClock() }),
    config: () => config,
    chain: () => ({ asset: 'CASSET', classicAsset: asset, minDeposit: units(1_000_000n), withdrawDelayS: 60 }),
    verifier: {
      cached: () => undefined,
      verify: async (text) =>
        text === 'good'
          ? { ok: true, token: { jti: 'j', account: alice, scopes: '*', expiresAtMs: 0, capUnits: undefined } }
          : { ok: false, reason: 'token_expired' },
    },
    sessions: { verify: async () => ({ ok: false, reason: 'not_a_session' }) },
    classic: {
      address,
      asset,
      min: units(10_000_000n),
      numberOf: (account) => (account === alice ? '42' : undefined),
      paymentsOf: () => [],
    },
    ...change,
  };
}

const authorization = ['authorization', 'Bearer good'];

async function classicOf(query = '', change: Partial<DepositDeps> = {}): Promise<ClassicView | null> {
  const details = await depositDetails(deps(change), authorization, new URLSearchParams(query));
  return (details as { classic: ClassicView | null }).classic;
}

describe('the deposit page of the portal', () => {
  it('shows everyone the vault, and a classic way only to the holder of a token', async () => {
    const open = await depositDetails(deps(), [], new URLSearchParams());
    expect(open).toMatchObject({ kind: 'vault', vault: 'CVAULT', min: '0.1' });
    expect(open).not.toHaveProperty('classic');
    expect(await classicOf()).toMatchObject({
      address,
      memo_type: 'id',
      memo: '42',
      alias: '42',
      memo_required: true,
      asset_code: 'USDC',
      asset_issuer: asset.issuer,
      min: '1',
      amount: null,
    });
  });

  it('is throttled per account, since each answer draws a QR code; the vault’s terms are not', async () => {
    const same = deps();
    const ask = (headers: string[]) => depositDetails(same, headers, new URLSearchParams());
    for (let each = 0; each < 40; each++) await ask(authorization);
    await expect(ask(authorization)).rejects.toMatchObject({ code: 'rate_limited', headers: { 'retry-after': '1' } });
    expect(await ask([])).toMatchObject({ kind: 'vault' });
  });

  it('says that the memo is required, and what happens without it', async () => {
    const how = (await classicOf())?.how;
    expect(how).toContain('The memo is required');
    expect(how).toContain('Without it, or with another, the payment waits until the operator');
  });

  it('shows the link as a QR code that needs nothing from outside', async () => {
    const view = await classicOf();
    expect(view?.qr).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(view?.qr).not.toMatch(/href|script|url\(/);
    expect(Buffer.byteLength(view?.qr ?? '')).toBeLessThan(20_000);
    // Painted again from its pieces, it has every module of the code and no other.
    const { data, size } = encode(view?.sep7 ?? '', { ecc: 'M', border: 4 });
    const painted = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
    for (const [, x, y, length] of (view?.qr ?? '').matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
      painted[Number(y)]?.fill(true, Number(x), Number(x) + Number(length));
    }
    expect(painted).toEqual(data);
  });

  it('refuses a token that is no good instead of showing less', async () => {
    const asked = depositDetails(deps(), ['authorization', 'Bearer old'], new URLSearchParams());
    await expect(asked).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('offers no classic way where the operator has none, or where the account has no number', async () => {
    expect(await classicOf('', { classic: undefined })).toBeNull();
    expect(
      await classicOf('', {
        classic: { address, asset, min: units(1n), numberOf: () => undefined, paymentsOf: () => [] },
      }),
    ).toBeNull();
  });

  it.each(['0.9999999', '1e3', '-5', '5,25', ''])('refuses to ask for %j', async (amount) => {
    await expect(classicOf(`amount=${amount}`)).rejects.toMatchObject({ code: 'bad_parameter' });
  });
});

describe('the payment link', () => {
  it('is what SEP-7 says, with every value readable again', async () => {
    const uri = (await classicOf('amount=5.25'))?.sep7 ?? '';
    expect(uri).toMatch(/^web\+stellar:pay\?destination=G[A-Z2-7]{55}&/);
    // Strict about what stands for itself: a plus would be read as a plus by one wallet and as a space by another.
    expect(uri.split('?')[1]).toMatch(/^[A-Za-z0-9\-._~%=&]+$/);
    expect(Object.fromEntries(new URLSearchParams(uri.split('?')[1]))).toEqual({
      destination: address,
      amount: '5.25',
      asset_code: 'USDC',
      asset_issuer: asset.issuer,
      memo: '42',
      memo_type: 'MEMO_ID',
      msg: 'Prepaid balance at api.example.com',
      network_passphrase: 'Net & "more" + 1',
    });
  });

  it('leaves out the amount that the payer chooses, and the public network', () => {
    const uri = paymentUri({
      destination: address,
      amount: undefined,
      asset,
      memo: '7',
      message: 'x'.repeat(400),
      passphrase: undefined,
    });
    expect(uri).not.toContain('amount=');
    expect(uri).not.toContain('network_passphrase');
    expect(new URLSearchParams(uri.split('?')[1]).get('msg')).toHaveLength(300);
  });
});

describe('stellar.toml', () => {
  const facts = { signingKey: alice, accounts: [address], asset: 'CASSET', classicAsset: asset };

  it('names the network, the keys, the deposit account and the asset', () => {
    expect(stellarToml(config, facts)).toBe(
      [
        'VERSION="2.7.0"',
        'NETWORK_PASSPHRASE="Net & \\"more\\" + 1"',
        `SIGNING_KEY="${alice}"`,
        'WEB_AUTH_ENDPOINT="https://api.example.com/_callora/login"',
        `ACCOUNTS=["${address}"]`,
        '',
        '[[CURRENCIES]]',
        'code="USDC"',
        `issuer="${asset.issuer}"`,
        'status="test"',
        'display_decimals=7',
        '',
      ].join('\n'),
    );
  });

  it('names the contract where the token is no classic asset, and no account where none is paid', () => {
    const text = stellarToml(config, { ...facts, classicAsset: undefined, accounts: [] });
    expect(text).toContain('contract="CASSET"');
    expect(text).not.toContain('ACCOUNTS');
  });
});
