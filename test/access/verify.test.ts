import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { readClaims } from '../../src/access/claims.ts';
import { readTokenForm } from '../../src/access/token-form.ts';
import { account, audience, contract, encode, freshKeys, goodClaims, issuer, sign, tokenSide } from './fixture.ts';

const invalid = { ok: false, reason: 'token_invalid' };

describe('an attack on the token', () => {
  it('is refused: no, foreign or confused signature, embedded or injected key', async () => {
    const { keys, clock, verifier, issue } = await tokenSide();
    const { kid, x, privateKey } = keys.signing;
    const claims = goodClaims(clock.nowMs());
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid };
    const { token } = await issue();
    const [head = '', body = '', signature = ''] = token.split('.');
    const foreign = await freshKeys();
    const rsa = await generateKeyPair('RS256');
    const hmac = (secret: string | Buffer) => {
      const text = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const publicJwk = { kty: 'OKP', crv: 'Ed25519', x: foreign.signing.x };
    const attacks: Record<string, string> = {
      'alg none': `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`,
      'alg none with a signature': `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      'alg missing': `${encode({ typ: 'at+jwt', kid })}.${body}.${signature}`,
      'HMAC with the public key as text': hmac(x),
      'HMAC with the public key as bytes': hmac(Buffer.from(x, 'base64url')),
      'RSA with our kid': await sign(claims, { ...header, alg: 'RS256' }, rsa.privateKey),
      'a foreign key with our kid': await sign(claims, header, foreign.signing.privateKey),
      'a foreign key with its own kid': await sign(
        claims,
        { ...header, kid: foreign.signing.kid },
        foreign.signing.privateKey,
      ),
      'an embedded key': await sign(claims, { ...header, jwk: publicJwk }, foreign.signing.privateKey),
      'an embedded key of ours': await sign(claims, { ...header, jwk: { ...publicJwk, x } }, privateKey),
      jku: await sign(claims, { ...header, jku: 'http://127.0.0.1:1/jwks' }, privateKey),
      x5u: await sign(claims, { ...header, x5u: 'http://127.0.0.1:1/cert' }, privateKey),
      x5c: await sign(claims, { ...header, x5c: ['AA=='] }, privateKey),
      zip: await sign(claims, { ...header, zip: 'DEF' }, privateKey),
      crit: `${encode({ ...header, crit: ['exp'] })}.${body}.${signature}`,
      'b64 false': `${encode({ ...header, b64: false, crit: ['b64'] })}.${body}.${signature}`,
      'kid as a path': await sign(claims, { ...header, kid: '../../dev/null' }, privateKey),
      'kid as SQL': await sign(claims, { ...header, kid: "' OR 1=1 --" }, privateKey),
      'kid __proto__': await sign(claims, { ...header, kid: '__proto__' }, privateKey),
      'kid missing': `${encode({ alg: 'EdDSA', typ: 'at+jwt' })}.${body}.${signature}`,
      'kid a number': `${encode({ ...header, kid: 1 })}.${body}.${signature}`,
      'typ JWT': await sign(claims, { ...header, typ: 'JWT' }, privateKey),
      'typ missing': await sign(claims, { alg: 'EdDSA', kid }, privateKey),
      'typ in another spelling': await sign(claims, { ...header, typ: 'AT+JWT' }, privateKey),
      'a changed header': `${encode({ ...header, x: 1 })}.${body}.${signature}`,
      'a changed body': `${head}.${encode({ ...claims, exp: Number(claims.exp) + 1 })}.${signature}`,
      'an empty signature': `${head}.${body}.`,
      'a short signature': `${head}.${body}.${signature.slice(0, 84)}`,
      'a zero signature': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      'two parts': `${head}.${body}`,
      'four parts': `${token}.`,
      'five parts, as an encrypted token has': `${token}.${body}.${signature}`,
      'a JSON form': JSON.stringify({ payload: body, protected: head, signature }),
      'PBES2 with 2^31 rounds': `${encode({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AA' })}.A.A.A.A`,
      'a token of 1 MB': `${head}.${'A'.repeat(1_000_000)}.${signature}`,
      'deep JSON': `${encode('['.repeat(3_000))}.${body}.${signature}`,
      'an array as header': `${encode([])}.${body}.${signature}`,
      'null as body': `${head}.${encode(null)}.${signature}`,
      nothing: '',
      dots: '..',
    };
    for (const [name, attack] of Object.entries(attacks)) {
      expect(await verifier.verify(attack), name).toEqual(invalid);
      expect(verifier.cached(attack), name).toBeUndefined();
    }
    expect(await verifier.verify(token)).toMatchObject({ ok: true });
  });

  it('is refused: every other spelling of a good token', async () => {
    const { verifier, issue } = await tokenSide();
    const { token } = await issue();
    const [head = '', body = '', signature = ''] = token.split('.');
    // 64 bytes leave 4 spare bits in the last of 86 characters.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(signature.at(-1) ?? '');
    const spare = `${signature.slice(0, -1)}${alphabet[last ^ 1]}`;
    expect(Buffer.from(spare, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    const spellings = [
      `${head}.${body}.${spare}`,
      `${token}=`,
      `${token}==`,
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `${head} .${body}.${signature}`,
      `${head}.${body.slice(0, 9)} ${body.slice(9)}.${signature}`,
      `${head}=.${body}.${signature}`,
      `${token}\0`,
      `${token}!`,
      token.replaceAll('-', '+').replaceAll('_', '/'),
      token.replace('.', '%2E'),
    ].filter((spelling) => spelling !== token);
    expect(await verifier.verify(token)).toMatchObject({ ok: true });
    for (const spelling of spellings) {
      expect(verifier.cached(spelling), JSON.stringify(spelling)).toBeUndefined();
      expect(await verifier.verify(spelling), JSON.stringify(spelling)).toEqual(invalid);
    }
  });

  it('is refused: one changed character anywhere', async () => {
    const { verifier, issue } = await tokenSide();
    const { token } = await issue({ scope: ['weather'] });
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'ABxyz019-_.'), async (at, char) => {
        fc.pre(token[at] !== char);
        expect(await verifier.verify(token.slice(0, at) + char + token.slice(at + 1))).toEqual(invalid);
      }),
    );
  });
});

describe('a claim', () => {
  const wrong: Record<string, unknown[]> = {
    iss: [undefined, null, '', 'https://other.example', `${issuer}/`, [issuer], { a: 1 }, 1],
    aud: [undefined, null, '', 'https://other.example', [audience], 1],
    sub: [
      undefined,
      null,
      '',
      'someone',
      1,
      account.toLowerCase(),
      `${account} `,
      ` ${account}`,
      `${account}\0`,
      account.slice(0, -1),
      `${account.slice(0, -1)}A`,
      '__proto__',
      'constructor',
      [account],
    ],
    client_id: [undefined, null, contract, 1],
    scope: [
      undefined,
      null,
      '',
      ' ',
      '* ',
      '* weather',
      'weather  maps',
      'weather ',
      ' weather',
      'Weather',
      'a\tb',
      'a\nb',
      ['*'],
      1,
      {},
    ],
    iat: [undefined, null, '1', 1.5, 0, -1, Number.MAX_SAFE_INTEGER, true],
    exp: [undefined, null, '1', 1.5, 0, -1, 1e300, true],
    jti: [undefined, null, '', 'short', 'x'.repeat(65), 'abcdefghijklmnopqrs uv', 1],
    callora_cap: [null, '', '0', '-1', '1e3', 1, '0.00000001', '99999999999999', {}],
    nbf: [1],
    callora_routes: ['GET /a'],
    __proto__: [{ sub: account }],
  };

  it('that is missing, mistyped, out of range or unknown refuses the token, although the signature is good', async () => {
    const { keys, clock, verifier } = await tokenSide();
    const good = goodClaims(clock.nowMs());
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const entries = Object.entries(good).filter(([key]) => key !== name);
        const claims = Object.fromEntries(value === undefined ? entries : [...entries, [name, value]]);
        const token = await sign(claims, header, keys.signing.privateKey);
        expect(await verifier.verify(token), `${name} = ${JSON.stringify(value)}`).toMatchObject({ ok: false });
      }
    }
    expect(await verifier.verify(await sign(good, header, keys.signing.privateKey))).toMatchObject({ ok: true });
  });

  it('that names as the payer anything but a Stellar address refuses the token, also when sub and client_id agree', async () => {
    const { keys, clock, verifier } = await tokenSide();
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid };
    for (const sub of wrong.sub ?? []) {
      const claims = { ...goodClaims(clock.nowMs()), sub, client_id: sub };
      const token = await sign(claims, header, keys.signing.privateKey);
      expect(await verifier.verify(token), JSON.stringify(sub)).toMatchObject({ ok: false });
    }
  });

  it('iat may be a minute ahead of this clock and no more; exp follows it', async () => {
    const nowMs = 1_800_000_000_000;
    const good = goodClaims(nowMs);
    const at = (iat: number, exp: number) => readClaims({ ...good, iat, exp }, { issuer, audience }, nowMs);
    const now = nowMs / 1_000;
    expect(at(now + 60, now + 61)).toMatchObject({ ok: true });
    expect(at(now + 61, now + 62)).toEqual({ ok: false, claim: 'iat' });
    expect(at(now, now)).toEqual({ ok: false, claim: 'exp' });
  });

  it('never crashes the reader, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.object(), fc.record({ sub: fc.string(), scope: fc.string() })),
        (payload) => {
          expect(readClaims(payload, { issuer, audience }, 0).ok).toBe(false);
        },
      ),
    );
  });
});

describe('the form', () => {
  it('never crashes the reader, whatever it is', () => {
    const part = fc.oneof(fc.string(), fc.json().map(encode), fc.string({ unit: 'binary' }).map(encode));
    const token = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    );
    fc.assert(
      fc.property(token, (text) => {
        expect(readTokenForm(text, 'at+jwt')).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('has a header of exactly alg, typ and kid', () => {
    const signature = Buffer.alloc(64).toString('base64url');
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'k' };
    expect(readTokenForm(`${encode(header)}.${encode({ a: 1 })}.${signature}`, 'at+jwt')).toEqual({
      kid: 'k',
      payload: { a: 1 },
    });
    expect(readTokenForm(`${encode({ ...header, alg: 'none' })}.${encode({})}.${signature}`, 'at+jwt')).toBeUndefined();
    expect(readTokenForm(`${encode({ ...header, typ: 'JWT' })}.${encode({})}.${signature}`, 'at+jwt')).toBeUndefined();
    expect(readTokenForm(`${encode({ ...header, cty: 'x' })}.${encode({})}.${signature}`, 'at+jwt')).toBeUndefined();
  });
});

describe('the life of a token', () => {
  it('ends at exp, in the cache as well', async () => {
    const { clock, issue, verifier } = await tokenSide();
    const { token, expiresAtMs } = await issue();
    await verifier.verify(token);
    clock.advance(expiresAtMs - clock.nowMs() - 1);
    expect(verifier.cached(token)).toBeDefined();
    clock.advance(1);
    expect(verifier.cached(token)).toBeUndefined();
    expect(await verifier.verify(token)).toEqual({ ok: false, reason: 'token_expired' });
  });

  it('does not begin again when the clock is set back', async () => {
    const { clock, issue, verifier } = await tokenSide();
    const { token } = await issue();
    await verifier.verify(token);
    clock.advance(60_000);
    clock.setWall(clock.nowMs() - 3_600_000);
    expect(verifier.cached(token)).toBeUndefined();
    expect(await verifier.verify(token)).toEqual({ ok: false, reason: 'token_expired' });
  });

  it('survives a clock that jumps ahead and back', async () => {
    const { clock, issue, verifier } = await tokenSide();
    const { token } = await issue();
    const startMs = clock.nowMs();
    clock.setWall(startMs + 4_000 * 86_400_000);
    expect(await verifier.verify(token)).toEqual({ ok: false, reason: 'token_expired' });
    clock.setWall(startMs);
    expect(await verifier.verify(token)).toMatchObject({ ok: true });
  });

  it('ends with its revocation, on the next call', async () => {
    const { revoked, issue, verifier } = await tokenSide();
    const { token, jti } = await issue();
    await verifier.verify(token);
    revoked.add(jti);
    expect(verifier.cached(token)).toBeUndefined();
    expect(await verifier.verify(token)).toEqual({ ok: false, reason: 'token_revoked' });
  });

  it('ends with a revocation that comes while the signature is checked', async () => {
    const { revoked, issue, verifier } = await tokenSide();
    const { token, jti } = await issue();
    const pending = verifier.verify(token);
    revoked.add(jti);
    expect(await pending).toEqual({ ok: false, reason: 'token_revoked' });
    expect(verifier.cached(token)).toBeUndefined();
  });

  it('is not told from a token that was never signed: revoked names are no oracle', async () => {
    const { revoked, issue, verifier } = await tokenSide();
    const { token, jti } = await issue();
    revoked.add(jti);
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(await verifier.verify(forged)).toEqual(invalid);
  });
});

describe('the cache', () => {
  it('gives the same object for the same token, so that look-ups can hang on it', async () => {
    const { issue, verifier } = await tokenSide();
    const { token, jti } = await issue();
    expect(verifier.cached(token)).toBeUndefined();
    const [first, second] = await Promise.all([verifier.verify(token), verifier.verify(token)]);
    expect(first.ok && second.ok && first.token === second.token && first.token === verifier.cached(token)).toBe(true);
    verifier.forget(jti);
    expect(verifier.cached(token)).toBeUndefined();
  });

  it('holds a bounded number of tokens and drops the one used longest ago', async () => {
    const { issue, verifier } = await tokenSide({ cachedMax: 2 });
    const [a, b, c] = await Promise.all([issue(), issue(), issue()]);
    await verifier.verify(a.token);
    await verifier.verify(b.token);
    verifier.cached(a.token);
    await verifier.verify(c.token);
    expect([a, b, c].map(({ token }) => verifier.cached(token) !== undefined)).toEqual([true, false, true]);
  });

  it('keeps nothing that failed', async () => {
    const { keys, issue, verifier } = await tokenSide();
    const foreign = await freshKeys();
    const { token } = await issue();
    const forged = await sign(
      goodClaims(1_800_000_000_000),
      { alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid },
      foreign.signing.privateKey,
    );
    await verifier.verify(forged);
    expect(verifier.cached(forged)).toBeUndefined();
    expect(await verifier.verify(token)).toMatchObject({ ok: true });
  });
});

describe('signature checks', () => {
  it('under way at once are bounded; the rest is told to come back', async () => {
    const { issue, verifier } = await tokenSide({ verificationsMax: 2 });
    const tokens = await Promise.all([issue(), issue(), issue()]);
    const results = await Promise.all(tokens.map(({ token }) => verifier.verify(token)));
    expect(results.map((result) => (result.ok ? 'ok' : result.reason))).toEqual(['ok', 'ok', 'overloaded']);
    expect(await verifier.verify(tokens[2].token)).toMatchObject({ ok: true });
  });

  it('are not spent on tokens that their form, kid, audience or expiry already refuses', async () => {
    const { keys, clock, issue, verifier } = await tokenSide({ verificationsMax: 0 });
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid };
    const good = goodClaims(clock.nowMs());
    const signed = (claims: object, extra: object = {}) =>
      sign({ ...good, ...claims }, { ...header, ...extra }, keys.signing.privateKey);
    const old = { iat: 1_000, exp: 2_000 };
    expect(await verifier.verify(await signed({ aud: 'other' }))).toEqual(invalid);
    expect(await verifier.verify(await signed({}, { kid: 'other' }))).toEqual(invalid);
    expect(await verifier.verify(await signed({}, { jku: 'x' }))).toEqual(invalid);
    expect(await verifier.verify(await signed(old))).toEqual({ ok: false, reason: 'token_expired' });
    expect(await verifier.verify((await issue()).token)).toEqual({ ok: false, reason: 'overloaded' });
  });

  it('are not spent on tokens longer than the limit', async () => {
    const { issue, verifier } = await tokenSide({ tokenBytesMax: 600 });
    expect(await verifier.verify((await issue()).token)).toMatchObject({ ok: true });
    const long = await issue({ scope: ['weather', 'a-name-that-makes-the-token-longer-than-the-limit'] });
    expect(await verifier.verify(long.token)).toEqual(invalid);
  });

  it('accept every key of the file, so that a rotation ends no token', async () => {
    const old = await freshKeys();
    const next = await freshKeys();
    const keys = { signing: next.signing, byKid: new Map([...next.byKid, ...old.byKid]) };
    const { clock, verifier } = await tokenSide({ keys });
    const claims = goodClaims(clock.nowMs());
    for (const { kid, privateKey } of keys.byKid.values()) {
      expect(await verifier.verify(await sign(claims, { alg: 'EdDSA', typ: 'at+jwt', kid }, privateKey))).toMatchObject(
        { ok: true },
      );
    }
  });
});
