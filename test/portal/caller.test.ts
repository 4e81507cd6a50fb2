import { expect, it } from 'vitest';
import { createSessions } from '../../src/access/session.ts';
import type { Config } from '../../src/catalog/model.ts';
import { requireSession } from '../../src/portal/caller.ts';
import { PortalRefusal } from '../../src/portal/refusal.ts';
import { account, issuer, tokenSide } from '../access/fixture.ts';

async function build() {
  const { keys, clock, issue } = await tokenSide();
  const sessions = createSessions({ keys, clock, issuer, tokenBytesMax: 8_192, verificationsMax: 8 });
  const config = () => ({ gateway: { publicUrl: issuer } }) as Config;
  const require = (bearer: string) => requireSession({ config, sessions }, ['authorization', bearer]);
  const refusalOf = async (bearer: string) => {
    const error = await require(bearer).catch((reason: unknown) => reason);
    return error instanceof PortalRefusal ? error : undefined;
  };
  return { sessions, issue, clock, require, refusalOf };
}

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
