import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Keypair } from '@stellar/stellar-sdk';
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CallContext, contextTtlS, createContextSigner } from '../../src/access/call-context.ts';
import { createVerifier } from '../../src/access/verify.ts';
import { fakeClock } from '../../src/clock.ts';
import { temporaryDir } from '../cli/rig.ts';
import { freshKeys } from './fixture.ts';

const issuer = 'https://api.example.com';
const call: CallContext = {
  api: 'weather',
  account: 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN',
  callId: '8589934593',
  price: '0.002',
  method: 'GET',
  target: '/v1/forecast/oslo?units=metric',
};

function signer(gateway = issuer) {
  const clock = fakeClock();
  return { clock, ...createContextSigner({ secret: Keypair.random().secret(), issuer: gateway, clock }) };
}

describe('a call context', () => {
  it('is an EdDSA JWT of two minutes that a stock library verifies with the published key', async () => {
    const { sign, jwk, clock } = signer();
    const text = sign(call);
    const key = await importJWK(jwk, 'EdDSA');
    const currentDate = new Date(clock.nowMs());
    const options = { issuer, audience: 'weather', typ: 'callora-context+jwt', algorithms: ['EdDSA'], currentDate };
    const { payload } = await jwtVerify(text, key, options);
    const iat = clock.nowMs() / 1000;
    expect(payload).toMatchObject({ sub: call.account, jti: call.callId, iat, exp: iat + contextTtlS });
    expect(payload).toMatchObject({ callora_price: '0.002' });
    expect(decodeProtectedHeader(text).kid).toBe(await calculateJwkThumbprint(jwk));
    const late = new Date(clock.nowMs() + 121_000);
    await expect(jwtVerify(text, key, { ...options, currentDate: late })).rejects.toThrow('exp');
  });

  it('names no account on a route open to anyone', () => {
    const [, claims = ''] = signer()
      .sign({ ...call, account: undefined })
      .split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).not.toHaveProperty('sub');
  });

  it('is no access token, even where its key is one of the token keys', async () => {
    const { sign, jwk, clock } = signer();
    const keys = await freshKeys();
    const publicKey = await importJWK(jwk, 'EdDSA');
    if (publicKey instanceof Uint8Array) throw new Error('no key');
    const ours = { kid: jwk.kid, x: jwk.x, publicKey, privateKey: publicKey };
    const verifier = createVerifier({
      keys: { ...keys, byKid: new Map([[jwk.kid, ours]]) },
      issuer,
      audience: 'weather',
      clock,
      isRevoked: () => false,
      tokenBytesMax: 8_192,
      verificationsMax: 4,
    });
    expect(await verifier.verify(sign(call))).toEqual({ ok: false, reason: 'token_invalid' });
  });
});

type Request = { method: string; url: string; headers: Record<string, string | undefined> };
type Check = (req: Request, nowMs?: number) => { sub?: string; jti: string } | undefined;

/** The sample of docs/api-owners.md, as a reader would copy it, against a gateway that publishes this key. */
async function sampleCheck(api: string) {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/api-owners.md'), 'utf8');
  const sample = /```js\n(import[\s\S]*?contextCheck[\s\S]*?)```/.exec(page)?.[1];
  if (sample === undefined) throw new Error('docs/api-owners.md has no sample check');
  const file = path.join(temporaryDir(), 'check.mjs');
  writeFileSync(file, sample);
  const { contextCheck } = await import(file);
  const published: unknown[] = [];
  const server = http.createServer((_, res) => res.end(JSON.stringify({ keys: published })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = signer(gateway);
  published.push(made.jwk);
  return { ...made, check: (await contextCheck(gateway, api)) as Check };
}

describe('the check of docs/api-owners.md', () => {
  const request = (context: string | undefined): Request => ({
    method: call.method,
    url: call.target,
    headers: { 'callora-context': context },
  });

  it('accepts the gateway’s call', async () => {
    const { check, sign, clock } = await sampleCheck('weather');
    expect(check(request(sign(call)), clock.nowMs())).toMatchObject({ sub: call.account, jti: call.callId });
  });

  it('refuses a direct call, another audience, another request, a late replay and another key', async () => {
    const { check, sign, clock } = await sampleCheck('weather');
    const now = clock.nowMs();
    const good = sign(call);
    expect(check(request(undefined), now)).toBeUndefined();
    expect(check(request('a.b.c'), now)).toBeUndefined();
    expect(check(request(sign({ ...call, api: 'maps' })), now)).toBeUndefined();
    expect(check({ ...request(good), url: '/v1/forecast/bergen' }, now)).toBeUndefined();
    expect(check({ ...request(good), method: 'POST' }, now)).toBeUndefined();
    expect(check(request(good), now + contextTtlS * 1000 - 1)).toBeDefined();
    expect(check(request(good), now + contextTtlS * 1000)).toBeUndefined();
    expect(check(request(signer().sign(call)), now)).toBeUndefined();
    const [head, , signature] = good.split('.');
    const forged = Buffer.from(JSON.stringify({ aud: 'weather', exp: 9e9 })).toString('base64url');
    expect(check(request(`${head}.${forged}.${signature}`), now)).toBeUndefined();
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'callora-context+jwt' })).toString('base64url');
    expect(check(request(`${none}.${good.split('.')[1]}.`), now)).toBeUndefined();
  });
});
