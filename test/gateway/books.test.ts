import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { issueToken } from '../../src/access/issue.ts';
import { createTokenKeys, loadTokenKeys } from '../../src/access/keys.ts';
import { createVerifier } from '../../src/access/verify.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { formatUsdc, units } from '../../src/money.ts';
import { openStore } from '../../src/store/store.ts';
import { until } from '../support/until.ts';
import { makeConfig, usdc } from './make-config.ts';
import { okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig } from './rig.ts';

/** The gateway on the real store, journal, ledger and verifier: three books of one load must agree. */

const folder = mkdtempSync(path.join(tmpdir(), 'callora-books-'));
const account = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';
const origin = 'http://gateway.test';
const log = silentLog();

let upstream: RawUpstream;
let rig: Rig;

async function start(behave: Parameters<typeof startUpstream>[0]) {
  upstream = await startUpstream(behave);
  const keysFile = path.join(folder, 'tokens.jwks');
  await createTokenKeys(keysFile);
  const loaded = await loadTokenKeys(keysFile);
  if (!loaded.ok) throw new Error(loaded.message);
  const identity = { keys: loaded.keys, clock, issuer: origin, audience: origin };
  const store = openStore({ path: path.join(folder, 'callora.db'), clock, log });
  const journal = createJournal({
    db: store.journalDb,
    clock,
    log,
    durability: 'process',
    walSyncIntervalMs: 20,
    sync: store.sync,
  });
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const slot = ledger.open({
    id: store.accounts.ensure(account),
    address: account,
    deposited: usdc('2'),
    limit: units(2n ** 50n),
  });
  const capped = ledger.openCap({ jti: 'set-below', cap: usdc('0.3'), spent: usdc('0') });
  const config = makeConfig([{ origin: upstream.origin, price: '0.1' }]);
  rig = await startRig({
    config,
    deps: {
      ledger,
      journal,
      verifier: createVerifier({
        ...identity,
        isRevoked: (jti) => revoked.has(jti),
        tokenBytesMax: 8192,
        verificationsMax: 64,
      }),
      nextCallId: store.nextCallId,
      resolve: {
        account: () => slot,
        cap: (token) => (token.capUnits === undefined ? undefined : capped),
        tokenId: (token) => store.tokens.idOf(token.jti),
        routeId: ({ api, method, template }) =>
          store.routes.ensure({ api: api.name, payee: api.payee, method, template }),
      },
    },
  });
  const revoked = new Set<string>();
  const issue = async (cap?: string) => {
    const issued = await issueToken(identity, {
      account,
      scope: '*',
      ttlMs: 60_000,
      cap: cap === undefined ? undefined : usdc(cap),
    });
    const row = {
      jti: issued.jti,
      accountId: slot.id,
      scope: '*',
      issuedAtMs: clock.nowMs(),
      expiresAtMs: issued.expiresAtMs,
    };
    store.tokens.add({ ...row, cap: undefined, source: 'operator', label: undefined });
    return issued;
  };
  return { store, journal, ledger, slot, capped, revoked, issue };
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the books', () => {
  it('agree with what was served, whatever the upstream did, and after a restart', async () => {
    const books = await start((request, socket) => {
      if (request.line.includes('/break')) void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello');
      else if (request.line.includes('/fail')) return 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n';
      else return okAnswer;
      return undefined;
    });
    const { token } = await books.issue();
    const authorization = `Bearer ${token}`;
    const paths = Array.from({ length: 60 }, (_, i) => `/api0/${['ok', 'break', 'fail'][i % 3]}/${i}`);
    const answers = await Promise.all(paths.map((path) => rig.get(path, { authorization })));
    await until(() => rig.gateway.stats().running === 0);
    const whole = answers.filter(({ status, body }) => status === 200 && body === 'hello').length;
    expect(whole).toBeGreaterThan(0);
    await books.journal.flush();

    const count = (sql: string) => books.store.db.prepare<[], number>(sql).pluck().get() ?? -1;
    const charges = count('SELECT count(*) FROM charges');
    const refunds = count('SELECT count(*) FROM refunds');
    expect(count('SELECT count(*) FROM finishes')).toBe(charges);
    // The journal's connection does not look parents up: they must be there all the same.
    expect(books.store.db.pragma('foreign_key_check')).toEqual([]);
    expect(count("SELECT count(*) FROM finishes WHERE outcome = 'completed'")).toBe(charges - refunds);
    expect(books.slot).toMatchObject({
      held: 0n,
      holds: 0,
      charged: usdc('0.1') * BigInt(charges),
      refunded: usdc('0.1') * BigInt(refunds),
      unsettled: usdc('0.1') * BigInt(charges - refunds),
    });
    expect(formatUsdc(books.ledger.spendable(books.slot))).toBe(
      formatUsdc(units(usdc('2') - usdc('0.1') * BigInt(charges - refunds))),
    );

    await books.journal.close();
    await books.store.close();
    const reopened = openStore({ path: path.join(folder, 'callora.db'), clock, log });
    const { charged, refunded, unsettled } = books.slot;
    expect(reopened.accounts.loadAll()).toMatchObject([{ address: account, charged, refunded, unsettled }]);
    await reopened.close();
  });

  it('hold a token to its cap under concurrency', async () => {
    const books = await start(() => okAnswer);
    const { token } = await books.issue('0.3');
    const calls = Array.from({ length: 20 }, () => rig.get('/api0/a', { authorization: `Bearer ${token}` }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(3);
    expect(statuses.filter((status) => status === 402).length).toBe(17);
    expect(books.capped).toMatchObject({ spent: usdc('0.3'), held: 0n });
    await books.journal.close();
    await books.store.close();
  });

  it('know nothing of a token that was revoked: the next call is refused', async () => {
    const books = await start(() => okAnswer);
    const { token, jti } = await books.issue();
    const authorization = `Bearer ${token}`;
    expect((await rig.get('/api0/a', { authorization })).status).toBe(200);
    books.revoked.add(jti);
    const refused = await rig.get('/api0/a', { authorization });
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([401, 'token_revoked']);
    expect(books.slot.charged).toBe(usdc('0.1'));
    await books.journal.close();
    await books.store.close();
  });
});
