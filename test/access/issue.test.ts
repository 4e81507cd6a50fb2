import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { account, audience, contract, issuer, tokenSide } from './fixture.ts';

it('says who pays, for what, how long and at most how much, as RFC 9068 has it', async () => {
  const { issue, keys, clock } = await tokenSide();
  const { token, jti, expiresAtMs } = await issue({ scope: ['weather', 'maps', 'weather'], cap: units(5_000n) });
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid });
  const iat = Math.floor(clock.nowMs() / 1_000);
  expect(decodeJwt(token)).toEqual({
    iss: issuer,
    aud: audience,
    sub: account,
    client_id: account,
    scope: 'weather maps',
    iat,
    exp: iat + 60,
    jti,
    callora_cap: '0.0005',
  });
  expect(expiresAtMs).toBe((iat + 60) * 1_000);
});

it('gives every token a name of its own', async () => {
  const { issue } = await tokenSide();
  const tokens = await Promise.all(Array.from({ length: 50 }, () => issue()));
  expect(new Set(tokens.map(({ jti }) => jti)).size).toBe(50);
});

it('is accepted back with what was asked for', async () => {
  const { issue, verifier } = await tokenSide();
  const full = await issue({ account: contract, scope: ['weather'], cap: units(1n) });
  expect(await verifier.verify(full.token)).toEqual({
    ok: true,
    token: {
      jti: full.jti,
      account: contract,
      scopes: new Set(['weather']),
      expiresAtMs: full.expiresAtMs,
      capUnits: 1n,
    },
  });
  const plain = await issue();
  expect(await verifier.verify(plain.token)).toMatchObject({ ok: true, token: { scopes: '*', capUnits: undefined } });
});

it.each([
  ['a name that is no address', { account: 'someone' }],
  ['an address in another case', { account: account.toLowerCase() }],
  ['an empty scope', { scope: [] }],
  ['a scope with a space', { scope: ['a b'] }],
  ['a scope of * among names', { scope: ['*', 'a'] }],
  ['no life', { ttlMs: 0 }],
  ['a cap of nothing', { cap: units(0n) }],
])('refuses to sign %s', async (_, request) => {
  const { issue } = await tokenSide();
  await expect(issue(request)).rejects.toThrow();
});
