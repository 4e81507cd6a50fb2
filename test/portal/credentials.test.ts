import { describe, expect, it } from 'vitest';
import { createSessions } from '../../src/access/session.ts';
import type { Config } from '../../src/catalog/model.ts';
import { requireReader, requireSession } from '../../src/portal/credentials.ts';
import { PortalRefusal } from '../../src/portal/refusal.ts';
import { account, issuer, tokenSide } from '../access/fixture.ts';

async function build() {
  const { keys, clock, issue, verifier, revoked } = await tokenSide();
  const sessions = createSessions({ keys, clock, issuer, tokenBytesMax: 8_192, verificationsMax: 8 });
  const config = () => ({ gateway: { publicUrl: issuer } }) as Config;
  const require = (bearer: string) => requireSession({ config, sessions }, ['authorization', bearer]);
  const read = (bearer: string) => requireReader({ config, sessions, verifier }, ['authorization', bearer]);
  const refusalOf = async (bearer: string, ask = require as (bearer: string) => Promise<unknown>) => {
    const error = await ask(bearer).catch((reason: unknown) => reason);
    return error instanceof PortalRefusal ? error : undefined;
  };
  return { sessions, issue, clock, revoked, require, read, refusalOf };
}

describe('what only the account’s key may do', () => {
  it('opens with a fresh session, for its account', async () => {
    const { sessions, require } = await build();
    const { session } = await sessions.issue(account);
    expect(await require(`Bearer ${session}`)).toMatchObject({ account });
  });

  it('stays shut for an access token of any scope, and says what to send', async () => {
    const { issue, refusalOf } = await build();
    const { token } = await issue({ scope: '*' });
    const refusal = await refusalOf(`Bearer ${token}`);
    expect(refusal).toMatchObject({ code: 'session_required', detail: 'an access token is no wallet session' });
    expect(refusal?.headers).toMatchObject({ 'www-authenticate': expect.stringContaining('invalid_token') });
  });

  it('stays shut for nothing, for other schemes and for a session that has ended', async () => {
    const { sessions, clock, refusalOf } = await build();
    const { session } = await sessions.issue(account);
    for (const bearer of ['', `Basic ${session}`, 'Bearer ', `Bearer ${session} x`]) {
      expect(await refusalOf(bearer)).toMatchObject({ code: 'session_required' });
    }
    clock.advance(600_000);
    expect(await refusalOf(`Bearer ${session}`)).toMatchObject({ detail: 'this session has ended' });
  });
});

describe('looking', () => {
  it('is open to a token within its scope, and to a session for all of the account', async () => {
    const { sessions, issue, read } = await build();
    const { token, jti } = await issue({ scope: ['weather'] });
    expect(await read(`Bearer ${token}`)).toMatchObject({ account, scopes: new Set(['weather']), token: { jti } });
    expect(await read(`Bearer ${(await sessions.issue(account)).session}`)).toEqual({ account, scopes: '*' });
  });

  it('is refused to revoked and expired tokens, to ended sessions and to anything else', async () => {
    const { sessions, issue, read, clock, revoked, refusalOf } = await build();
    const { token, jti } = await issue();
    const { session } = await sessions.issue(account);
    revoked.add(jti);
    expect(await refusalOf(`Bearer ${token}`, read)).toMatchObject({ code: 'token_revoked' });
    const short = await issue();
    clock.advance(600_000);
    expect(await refusalOf(`Bearer ${short.token}`, read)).toMatchObject({ code: 'token_expired' });
    expect(await refusalOf(`Bearer ${session}`, read)).toMatchObject({ code: 'session_required' });
    expect(await refusalOf('Bearer a.b.c', read)).toMatchObject({ code: 'token_invalid' });
    expect(await refusalOf('', read)).toMatchObject({ code: 'token_missing' });
  });
});
