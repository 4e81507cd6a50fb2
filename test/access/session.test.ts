import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSessions } from '../../src/access/session.ts';
import { account, goodClaims, issuer, sign, tokenSide } from './fixture.ts';

async function sessionSide({ verificationsMax = 8 } = {}) {
  const side = await tokenSide();
  const deps = { keys: side.keys, clock: side.clock, issuer, tokenBytesMax: 8_192, verificationsMax };
  return { ...side, sessions: createSessions(deps) };
}

const audience = `${issuer}/_callora`;

describe('a session', () => {
  it('is accepted back for its account and no longer than ten minutes', async () => {
    const { sessions, clock } = await sessionSide();
    const { session, expiresAtMs } = await sessions.issue(account);
    expect(expiresAtMs - clock.nowMs()).toBeLessThanOrEqual(600_000);
    expect(await sessions.verify(session)).toEqual({ ok: true, session: { account, expiresAtMs } });
    clock.advance(600_000);
    expect(await sessions.verify(session)).toEqual({ ok: false, reason: 'expired' });
  });

  it('that has ended stays ended when the clock is set back', async () => {
    const { sessions, clock } = await sessionSide();
    const { session } = await sessions.issue(account);
    clock.advance(600_000);
    clock.setWall(clock.nowMs() - 3_600_000);
    expect(await sessions.verify(session)).toMatchObject({ ok: false });
  });

  it('has a type and an audience of its own', async () => {
    const { sessions, keys } = await sessionSide();
    const { session } = await sessions.issue(account);
    expect(decodeProtectedHeader(session)).toEqual({ alg: 'EdDSA', typ: 'callora-session+jwt', kid: keys.signing.kid });
    expect(decodeJwt(session)).toMatchObject({ iss: issuer, aud: audience, sub: account });
  });

  it('is no access token', async () => {
    const { sessions, verifier } = await sessionSide();
    const { session } = await sessions.issue(account);
    expect(await verifier.verify(session)).toEqual({ ok: false, reason: 'token_invalid' });
  });

  it('is nothing that an access token could be, whatever its scope', async () => {
    const { sessions, issue } = await sessionSide();
    const { token } = await issue({ scope: '*' });
    expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'not_a_session' });
  });
});

describe('refused, though signed by the gateway,', () => {
  const typ = 'callora-session+jwt';

  it.each<[string, Record<string, unknown>, string]>([
    ['a session under the type of access tokens', {}, 'at+jwt'],
    ['the claims of an access token under the type of sessions', { scope: '*', client_id: account }, typ],
    ['the audience of access tokens', { aud: issuer }, typ],
    ['another issuer', { iss: 'https://other.example' }, typ],
    ['a subject that is no address', { sub: 'someone' }, typ],
    ['a longer life than sessions have', { exp: 1_800_000_000 + 601 }, typ],
    ['a session from the future', { iat: 1_800_000_000 + 120, exp: 1_800_000_000 + 240 }, typ],
    ['a session without an end', { exp: undefined }, typ],
    ['a session without a name', { jti: undefined }, typ],
  ])('is %s', async (_, broken, type) => {
    const { sessions, keys, clock } = await sessionSide();
    const { scope: _scope, client_id: _client, ...plain } = goodClaims(clock.nowMs());
    const make = (claims: Record<string, unknown>, made: string) =>
      sign(claims, { alg: 'EdDSA', typ: made, kid: keys.signing.kid }, keys.signing.privateKey);
    const good = { ...plain, aud: audience };
    expect(await sessions.verify(await make(good, typ))).toMatchObject({ ok: true });
    const bad = await sessions.verify(await make({ ...good, ...broken }, type));
    expect(bad).toEqual({ ok: false, reason: 'not_a_session' });
  });
});

it('signed by a stranger under our kid is refused, and a flood of them is bounded', async () => {
  const { sessions, keys } = await sessionSide({ verificationsMax: 1 });
  const stranger = (await tokenSide()).keys;
  const { session } = await sessions.issue(account);
  const header = { alg: 'EdDSA', typ: 'callora-session+jwt', kid: keys.signing.kid };
  const forged = await sign(decodeJwt(session), header, stranger.signing.privateKey);
  const answers = await Promise.all([sessions.verify(forged), sessions.verify(forged)]);
  expect(answers).toEqual([
    { ok: false, reason: 'not_a_session' },
    { ok: false, reason: 'overloaded' },
  ]);
});
