import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { readRequests } from '../support/strict-http.ts';
import { until } from '../support/until.ts';
import { type KeyedRig, startKeyed } from './idempotency-rig.ts';
import { type RawAnswer, sendRaw } from './raw-client.ts';
import { token } from './rig.ts';

const price = 1_000_000n;
const ok =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-made: upstream\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 5\r\n\r\nhello';
const none = 'HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnone';
const keyed = (key: string, fields: Record<string, string> = {}) => ({ 'idempotency-key': key, ...fields });

function codeOf(answer: RawAnswer): unknown[] {
  return [answer.status, JSON.parse(answer.body).code];
}

/** An upstream that answers when it is told to. */
function slowUpstream(answer = ok) {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    behave: (_request: unknown, socket: { write(text: string): void }) => {
      waiting.push(() => socket.write(answer));
      return undefined;
    },
  };
}

describe('a call with an Idempotency-Key', () => {
  it('is sent and charged once, and then answered from what was kept', async () => {
    const { rig, call, upstream, charged } = await startKeyed({ behave: () => ok });
    const first = await call('/a/x', keyed('one'), 'body');
    expect([first.status, first.body, first.headers.get('callora-price')]).toEqual([200, 'hello', '0.1']);
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    const again = await call('/a/x', keyed('one'), 'body');
    expect([again.status, again.body]).toEqual([200, 'hello']);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.headers.get('callora-price'), again.headers.get('callora-balance')]).toEqual(['0', '99.9']);
    expect(again.headers.get('callora-call')).toBe(first.headers.get('callora-call'));
    expect([again.headers.get('x-made'), again.headers.get('content-type')]).toEqual(['upstream', 'text/plain']);
    expect(again.headers.get('cache-control')).toBe('private, no-store');
    expect(again.headers.get('date')).not.toBe(first.headers.get('date'));
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
    const id = Number(first.headers.get('callora-call'));
    expect(rig.metrics.ended.map(([record]) => record)).toMatchObject([
      { outcome: 'completed', callId: id, paid: price },
      { outcome: 'replayed', callId: id, paid: 0n, bytesOut: 5 },
    ]);
  });

  it('is one call under 20 equal ones at once', async () => {
    const { waiting, behave } = slowUpstream();
    const started = await startKeyed({ behave });
    let over = 0;
    const answers = Array.from({ length: 20 }, () => started.call('/a/x', keyed('one'), 'body').finally(() => over++));
    await until(() => waiting.length === 1 && over === 19, 'nineteen refusals beside one call');
    waiting[0]?.();
    const all = await Promise.all(answers);
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
    const inProgress = all.filter(({ status }) => status === 409);
    for (const answer of inProgress) {
      expect(codeOf(answer)).toEqual([409, 'idempotency_in_progress']);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await started.call('/a/x', keyed('one'), 'body')).headers.get('idempotent-replayed')).toBe('true');
    expect([started.upstream.requests.length, started.charges().length]).toEqual([1, 1]);
  });

  it('is told apart from another request with the same key, while it runs and after it', async () => {
    const { waiting, behave } = slowUpstream();
    const { call, upstream, charged } = await startKeyed({ behave });
    const first = call('/a/x?q=1', keyed('one', { 'content-type': 'text/plain' }), 'body');
    await until(() => waiting.length === 1);
    const others: [string, Record<string, string>, string | undefined, string?][] = [
      ['/a/x?q=1', { 'content-type': 'text/plain' }, 'other'],
      ['/a/x?q=2', { 'content-type': 'text/plain' }, 'body'],
      ['/a/x?q=1', { 'content-type': 'text/html' }, 'body'],
      ['/a/x?q=1', { 'content-type': 'text/plain' }, 'body', 'PUT'],
      ['/a/x?q=1', { 'content-type': 'text/plain' }, undefined],
    ];
    const check = async () => {
      for (const [path, fields, body, method] of others) {
        expect(codeOf(await call(path, keyed('one', fields), body, method))).toEqual([422, 'idempotency_mismatch']);
      }
    };
    await check();
    waiting[0]?.();
    expect((await first).status).toBe(200);
    await check();
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
  });

  it('has its account’s key, whatever the token, and nobody else’s', async () => {
    const { call, upstream } = await startKeyed({ behave: () => ok });
    const first = await call('/a/x', keyed('one'), 'body');
    const other = await call('/a/x', keyed('one', { authorization: 'Bearer other' }), 'body');
    const same = await call('/a/x', keyed('"one"', { authorization: 'Bearer second' }), 'body');
    expect([other.headers.has('idempotent-replayed'), same.headers.get('callora-call')]).toEqual([
      false,
      first.headers.get('callora-call'),
    ]);
    const keys = upstream.requests.map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => /^[0-9a-f]{64}$/.test(key ?? ''))).toBe(true);
    expect(keys).not.toContain(createHash('sha256').update('GACCOUNT\none').digest('hex'));
  });

  it.each(['', '""', '"one', 'two words', 'ä', 'a"b', 'x'.repeat(256)])('with the key %j is refused', async (key) => {
    const { call, upstream } = await startKeyed();
    expect(codeOf(await call('/a/x', keyed(key), 'body'))).toEqual([400, 'idempotency_key_invalid']);
    expect(upstream.requests).toEqual([]);
  });

  it('with two keys is refused', async () => {
    const { rig, upstream } = await startKeyed();
    const fields = `host: a\r\nauthorization: Bearer ${token}\r\nconnection: close\r\nidempotency-key: a\r\nidempotency-key: a\r\n`;
    expect(await sendRaw(rig.port, `GET /a/x HTTP/1.1\r\n${fields}\r\n`)).toContain('idempotency_key_invalid');
    expect(upstream.requests).toEqual([]);
  });

  it('on a route without a token has no account and passes as it is', async () => {
    const list = [{ match: 'GET /open', auth: 'none' as const }];
    const { call, upstream } = await startKeyed({ behave: () => ok, api: { list } });
    await call('/a/open', keyed('one'));
    await call('/a/open', keyed('one'));
    expect(upstream.requests.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['one', 'one']);
  });

  it('on a free route is sent once too', async () => {
    const { call, upstream, charges } = await startKeyed({ behave: () => ok, api: { price: '0' } });
    expect((await call('/a/x', keyed('one'), 'body')).status).toBe(200);
    expect((await call('/a/x', keyed('one'), 'body')).headers.get('idempotent-replayed')).toBe('true');
    expect([upstream.requests.length, charges().length]).toEqual([1, 0]);
  });

  it('answers HEAD from what was kept with the length and without the body', async () => {
    const { call, upstream } = await startKeyed({ behave: () => 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n' });
    const [first, again] = [
      await call('/a/x', keyed('one'), undefined, 'HEAD'),
      await call('/a/x', keyed('one'), undefined, 'HEAD'),
    ];
    expect([first.headers.get('content-length'), again.headers.get('content-length')]).toEqual(['500', '500']);
    expect([again.headers.get('idempotent-replayed'), again.body, upstream.requests.length]).toEqual(['true', '', 1]);
  });

  it('keeps a chunked answer whole and gives it with a length', async () => {
    const { call } = await startKeyed({
      behave: () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    });
    expect((await call('/a/x', keyed('one'))).body).toBe('hello');
    const again = await call('/a/x', keyed('one'));
    expect([again.body, again.headers.get('content-length')]).toEqual(['hello', '5']);
  });

  it('does not keep an answer with trailers: a replay would come without its grpc-status', async () => {
    const { call } = await startKeyed({
      behave: () =>
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: grpc-status\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n',
    });
    expect((await call('/a/x', keyed('one'))).body).toBe('ok');
    expect(codeOf(await call('/a/x', keyed('one')))).toEqual([409, 'idempotency_not_replayable']);
  });

  it('is kept without what was true of its moment: trailers that it announced, and rates of the upstream', async () => {
    const fields = 'transfer-encoding: chunked\r\ntrailer: x-sum\r\nratelimit: "a";r=1;t=9\r\n';
    const { call } = await startKeyed({ behave: () => `HTTP/1.1 200 OK\r\n${fields}\r\n2\r\nok\r\n0\r\n\r\n` });
    const first = await call('/a/x', { 'idempotency-key': 'k' });
    const again = await call('/a/x', { 'idempotency-key': 'k' });
    const ofTheMoment = (answer: typeof first) => ['trailer', 'ratelimit'].map((name) => answer.headers.get(name));
    expect([ofTheMoment(first), ofTheMoment(again)]).toEqual([
      ['x-sum', '"a";r=1;t=9'],
      [undefined, undefined],
    ]);
    expect([again.body, again.headers.get('idempotent-replayed')]).toEqual(['ok', 'true']);
  });

  it('sends the trailers of its body on, but what no trailer may say, and knows it by them', async () => {
    const { rig, upstream } = await startKeyed({ behave: () => ok });
    const send = (trailers: string) => {
      const fields = `host: a\r\nauthorization: Bearer ${token}\r\nidempotency-key: one\r\nconnection: close\r\n`;
      const body = `5\r\nhello\r\n0\r\n${trailers}\r\n`;
      return rig.send(`POST /a/x HTTP/1.1\r\n${fields}transfer-encoding: chunked\r\n\r\n${body}`);
    };
    const asked = () => readRequests(upstream.bytes.join('')).requests;
    expect(await send('X-Sum: 1\r\ncallora-account: other\r\n')).toMatch(/^HTTP\/1.1 200 /);
    expect(asked()).toMatchObject([{ body: 'hello', trailers: [{ name: 'x-sum', value: '1' }] }]);
    expect(await send('X-Sum: 1\r\n')).toMatch(/^HTTP\/1.1 200 .*\r\nidempotent-replayed: true\r\n/s);
    expect(await send('X-Sum: 2\r\n')).toMatch(/^HTTP\/1.1 422 /);
    expect(await send('')).toMatch(/^HTTP\/1.1 422 /);
    expect(asked().length).toBe(1);
  });

  it('takes a chunked body, and knows it from the same bytes with a length', async () => {
    const { rig, call, upstream } = await startKeyed({ behave: () => ok });
    const fields = `host: a\r\nauthorization: Bearer ${token}\r\nconnection: close\r\nidempotency-key: one\r\ntransfer-encoding: chunked\r\n`;
    await sendRaw(rig.port, `POST /a/x HTTP/1.1\r\n${fields}\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`);
    expect(upstream.requests[0]?.body).toBe('body');
    expect((await call('/a/x', keyed('one'), 'body')).headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('a keyed call that costs nothing', () => {
  it.each([
    ['a server error', 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n', 500],
    ['"not now"', 'HTTP/1.1 429 Later\r\ncontent-length: 0\r\n\r\n', 429],
    ['a broken head', 'nonsense\r\n\r\n', 502],
  ])('because of %s leaves its key free', async (_what, bad, status) => {
    const { call, upstream, charged } = await startKeyed({ behave: (_r, _s, index) => (index === 0 ? bad : ok) });
    expect((await call('/a/x', keyed('one'), 'body')).status).toBe(status);
    const again = await call('/a/x', keyed('one'), 'body');
    expect([again.status, again.headers.has('idempotent-replayed')]).toEqual([200, false]);
    expect((await call('/a/x', keyed('one'), 'body')).headers.get('idempotent-replayed')).toBe('true');
    expect([upstream.requests.length, charged()]).toEqual([2, price]);
    const [first, second] = upstream.requests.map(({ headers }) => headers.get('idempotency-key'));
    expect(first).toBe(second);
  });

  it('because the upstream refused it for good is kept', async () => {
    const { call, upstream, charged } = await startKeyed({
      behave: () => none,
    });
    const answers = [await call('/a/x', keyed('one')), await call('/a/x', keyed('one'))];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [404, 'none'],
      [404, 'none'],
    ]);
    expect([upstream.requests.length, charged()]).toEqual([1, 0n]);
  });

  it('because the upstream broke off behind its head leaves its key free, with the refund in the books', async () => {
    const { call, upstream, charges } = await startKeyed({
      behave(_request, socket, index) {
        if (index > 0) return ok;
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello');
        return undefined;
      },
    });
    await call('/a/x', keyed('one'), 'body');
    const again = await call('/a/x', keyed('one'), 'body');
    expect([again.status, again.headers.has('idempotent-replayed'), upstream.requests.length]).toEqual([200, false, 2]);
    expect(charges().map(({ price, refund }) => price - refund)).toEqual([0, 1_000_000]);
  });

  it('because nothing pays for it begins no key, and is still answered from one', async () => {
    const { call, store, upstream } = await startKeyed({ behave: () => ok, balance: '0.1' });
    expect((await call('/a/x', keyed('one'))).status).toBe(200);
    expect(codeOf(await call('/a/x', keyed('two')))).toEqual([402, 'balance_too_low']);
    expect(store.idempotency.sums().keys).toBe(1);
    expect((await call('/a/x', keyed('one'))).headers.get('idempotent-replayed')).toBe('true');
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('retries that come together', () => {
  it('are all answered, whoever of them is looked up first', async () => {
    const { call, upstream, charged } = await startKeyed({ behave: () => ok });
    await call('/a/x', keyed('one'), 'body');
    const again = await Promise.all(Array.from({ length: 20 }, () => call('/a/x', keyed('one'), 'body')));
    expect(new Set(again.map(({ status, headers }) => `${status} ${headers.get('idempotent-replayed')}`))).toEqual(
      new Set(['200 true']),
    );
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
  });
});

describe('when the books cannot be written', () => {
  const fail = () => Promise.reject(new GatewayError('journal_unavailable'));
  const breaking = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello';

  it('a charge that stays for want of its refund is never made twice', async () => {
    const { call, upstream, charged } = await startKeyed({
      journalAs: (journal) => ({ ...journal, refund: fail }),
      behave(_request, socket) {
        socket.end(breaking);
        return undefined;
      },
    });
    await call('/a/x', keyed('one'));
    expect(codeOf(await call('/a/x', keyed('one')))).toEqual([409, 'idempotency_not_replayable']);
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
  });

  it('a call whose charge was refused leaves its key free', async () => {
    let failing = true;
    const { call, charged } = await startKeyed({
      behave: () => ok,
      journalAs: (journal) => ({ ...journal, charge: (row) => (failing ? fail() : journal.charge(row)) }),
    });
    expect(codeOf(await call('/a/x', keyed('one')))).toEqual([503, 'journal_unavailable']);
    failing = false;
    expect((await call('/a/x', keyed('one'))).status).toBe(200);
    expect(charged()).toBe(price);
  });

  it('nothing is sent without its key on record, and the hold is let go', async () => {
    const { rig, call, upstream } = await startKeyed({ keysAs: (keys) => ({ ...keys, begin: fail }) });
    expect(codeOf(await call('/a/x', keyed('one')))).toEqual([503, 'journal_unavailable']);
    expect([upstream.requests.length, rig.ledger.totals().held]).toEqual([0, 0n]);
  });

  it('an answer that could not be kept leaves its key in doubt', async () => {
    const { call, upstream, charged } = await startKeyed({
      behave: () => ok,
      keysAs: (keys) => ({ ...keys, keep: fail }),
    });
    expect((await call('/a/x', keyed('one'))).status).toBe(200);
    expect(codeOf(await call('/a/x', keyed('one')))).toEqual([409, 'idempotency_in_doubt']);
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
  });
});

describe('a client that leaves a keyed call', () => {
  async function leave({ rig, clock }: KeyedRig, seen: () => boolean): Promise<void> {
    const fields = `host: a\r\nauthorization: Bearer ${token}\r\nidempotency-key: one\r\n`;
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(`GET /a/x HTTP/1.1\r\n${fields}\r\n`);
    await until(seen);
    socket.destroy();
    await until(() => {
      // Behind a FIN it may be found out by nothing but time.
      clock.advance(500);
      return rig.gateway.stats().connections === 0;
    });
  }

  it('before its answer began has bought it all the same, and finds it', async () => {
    const { waiting, behave } = slowUpstream();
    const started = await startKeyed({ behave });
    await leave(started, () => waiting.length === 1);
    waiting[0]?.();
    await until(() => started.rig.gateway.stats().running === 0);
    const again = await started.call('/a/x', keyed('one'));
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([200, 'hello', 'true']);
    expect([started.upstream.requests.length, started.charged()]).toEqual([1, price]);
  });

  it('in an answer without an end is waited for in bounded time; its key is spent', async () => {
    const started = await startKeyed({
      limits: { readOnTimeoutMs: 50 },
      behave(_request, socket) {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
        return undefined;
      },
    });
    await leave(started, () => started.charges().length === 1);
    await until(() => started.rig.gateway.stats().running === 0);
    expect(codeOf(await started.call('/a/x', keyed('one')))).toEqual([409, 'idempotency_not_replayable']);
    await until(() => started.upstream.connections.size === 0);
    expect(started.charged()).toBe(price);
  });

  it('in the middle of its answer finds all of it', async () => {
    let finish = () => {};
    const started = await startKeyed({
      behave(_request, socket) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
        finish = () => socket.write('world');
        return undefined;
      },
    });
    await leave(started, () => started.charges().length === 1);
    finish();
    await until(() => started.rig.gateway.stats().running === 0);
    expect((await started.call('/a/x', keyed('one'))).body).toBe('helloworld');
    expect([started.upstream.requests.length, started.charged()]).toEqual([1, price]);
  });

  it('behind with reading has left: what the upstream does not finish in its time is refunded', async () => {
    const size = 12 * 1024 * 1024;
    const started = await startKeyed({
      api: { upstream: { totalTimeoutMs: 1_500 } },
      limits: { answerBytesMax: 2 * size },
      behave(_request, socket) {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size + 1}\r\n\r\n`);
        socket.write(Buffer.alloc(size));
        return undefined;
      },
    });
    const client = connect(started.rig.port, '127.0.0.1');
    client.pause();
    client.write(`GET /a/x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nidempotency-key: one\r\n\r\n`);
    await until(() => started.charges().length === 1);
    await until(() => [...started.upstream.connections].some((socket) => socket.bytesWritten > 2 ** 20));
    client.destroy();
    await until(() => started.rig.gateway.stats().running === 0);
    expect(started.charges()).toMatchObject([{ price: Number(price), refund: Number(price) }]);
  });
});

describe('bounds of keyed calls', () => {
  it('refuse a body that is too large to be held, with the reason, before it is sent', async () => {
    const { call, upstream } = await startKeyed({ limits: { bodyBytesMax: 4 } });
    const answer = await call('/a/x', keyed('one'), 'hello');
    expect(codeOf(answer)).toEqual([413, 'body_too_large']);
    expect(JSON.parse(answer.body).detail).toContain('Idempotency-Key');
    expect((await call('/a/x', {}, 'hello')).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
  });

  it('pass a large answer on and say that it was not kept', async () => {
    const { call, upstream, charged } = await startKeyed({ behave: () => ok, limits: { answerBytesMax: 4 } });
    const first = await call('/a/x', keyed('one'));
    expect([first.status, first.body]).toEqual([200, 'hello']);
    const again = await call('/a/x', keyed('one'));
    expect(codeOf(again)).toEqual([409, 'idempotency_not_replayable']);
    expect(JSON.parse(again.body).call).toBe(first.headers.get('callora-call'));
    expect([upstream.requests.length, charged()]).toEqual([1, price]);
  });

  it('share one memory: without it bodies wait outside and answers pass unkept', async () => {
    const { call } = await startKeyed({ behave: () => ok, limits: { bufferedBytesMax: 4 } });
    expect(codeOf(await call('/a/x', keyed('one'), 'hello'))).toEqual([503, 'overloaded']);
    expect((await call('/a/x', keyed('two'))).body).toBe('hello');
    expect(codeOf(await call('/a/x', keyed('two')))).toEqual([409, 'idempotency_not_replayable']);
  });

  it('refuse new keys when an account has its share, and keep every promised one', async () => {
    const { call, upstream } = await startKeyed({ behave: () => ok, limits: { keysPerAccountMax: 1 } });
    expect((await call('/a/x', keyed('one'))).status).toBe(200);
    expect(codeOf(await call('/a/x', keyed('two')))).toEqual([429, 'idempotency_keys_full']);
    expect((await call('/a/x', keyed('one'))).headers.get('idempotent-replayed')).toBe('true');
    expect((await call('/a/x')).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  it('refuse new keys when all of them together are too many', async () => {
    const { call } = await startKeyed({ behave: () => ok, limits: { keysMax: 1 } });
    await call('/a/x', keyed('one'));
    const refused = await call('/a/x', keyed('one', { authorization: 'Bearer other' }));
    expect([...codeOf(refused), refused.headers.get('retry-after')]).toEqual([503, 'idempotency_store_full', '60']);
  });

  it('let no keys that cost nothing keep out those of calls that pay', async () => {
    const { rig, call, charged } = await startKeyed({
      behave: ({ line }) => (line.includes('/none') ? none : ok),
      limits: { keysPerAccountMax: 4, keysMax: 8 },
    });
    const payer = { jti: 'p', account: 'GPAYER', scopes: '*' as const, capUnits: undefined };
    rig.tokens.set('payer', { ...payer, expiresAtMs: Number.MAX_SAFE_INTEGER });
    for (const authorization of [`Bearer ${token}`, 'Bearer other', 'Bearer payer']) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        const answer = await call('/a/none', keyed(key, { authorization }));
        expect([answer.status, answer.headers.get('callora-price')]).toEqual([404, '0']);
      }
    }
    for (const authorization of [`Bearer ${token}`, 'Bearer payer']) {
      expect((await call('/a/x', keyed('paid', { authorization }))).status).toBe(200);
      const again = await call('/a/x', keyed('paid', { authorization }));
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(charged()).toBe(2n * price);
  });

  it('leave the key of an answer free that cost nothing and found no room: it is charged once at the most', async () => {
    const { call, upstream, charged } = await startKeyed({
      behave: (_r, _s, index) => (index < 2 ? none : ok),
      limits: { keysPerAccountMax: 2 },
    });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await call('/a/x', keyed('one')));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 200, 200]);
    expect(answers.map(({ headers }) => headers.has('idempotent-replayed'))).toEqual([false, false, false, true]);
    expect([upstream.requests.length, charged()]).toEqual([3, price]);
  });

  it('count answers that cost nothing by their bytes too', async () => {
    const { call, upstream } = await startKeyed({
      behave: ({ line }) => (line.includes('/none') ? none : ok),
      limits: { storedBytesPerAccountMax: 9 },
    });
    await call('/a/none', keyed('one'));
    await call('/a/none', keyed('two'));
    const [first, second] = [await call('/a/none', keyed('one')), await call('/a/none', keyed('two'))];
    expect([first, second].map(({ headers }) => headers.has('idempotent-replayed'))).toEqual([true, false]);
    expect((await call('/a/x', keyed('paid'))).status).toBe(200);
    expect(upstream.requests).toHaveLength(4);
  });

  it('refuse keys of a free route past their part of the room, and send none of them twice', async () => {
    const { call, upstream } = await startKeyed({
      behave: () => ok,
      api: { price: '0' },
      limits: { keysPerAccountMax: 4 },
    });
    for (const key of ['one', 'two']) expect((await call('/a/x', keyed(key), 'body')).status).toBe(200);
    const refused = await call('/a/x', keyed('three'), 'body');
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.body).code).toBe('idempotency_keys_full');
    expect((await call('/a/x', keyed('two'), 'body')).headers.get('idempotent-replayed')).toBe('true');
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ['POST', 201, 1],
    ['POST', 302, 1],
    ['DELETE', 303, 1],
    ['POST', 308, 2],
    ['POST', 422, 2],
    ['GET', 201, 2],
    ['GET', 302, 2],
  ])(
    'leave no key free whose call may have acted, although it cost nothing: %s and %i is sent %i times',
    async (method, status, times) => {
      const { call, upstream, charged } = await startKeyed({
        behave: () => `HTTP/1.1 ${status} Some\r\ncontent-length: 0\r\n\r\n`,
        api: { list: [{ match: 'ANY /x', price: '0.1', charges: (code) => code === 200 }] },
        limits: { keysPerAccountMax: 2 },
      });
      expect((await call('/a/x', keyed('one'), undefined, method)).status).toBe(status);
      const again = await call('/a/x', keyed('one'), undefined, method);
      expect(again.headers.has('idempotent-replayed')).toBe(times === 1);
      expect([upstream.requests.length, charged()]).toEqual([times, 0n]);
    },
  );

  it('let a key go when its life is over', async () => {
    const { call, clock, upstream } = await startKeyed({ behave: () => ok });
    await call('/a/x', keyed('one'));
    clock.advance(86_400_000 - 1);
    expect((await call('/a/x', keyed('one'))).headers.get('idempotent-replayed')).toBe('true');
    clock.advance(1);
    expect((await call('/a/x', keyed('one'))).headers.has('idempotent-replayed')).toBe(false);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('a crash', () => {
  it('under a keyed call leaves its key in doubt: it is not sent again', async () => {
    const { waiting, behave } = slowUpstream();
    const started = await startKeyed({ behave });
    const first = started.call('/a/x', keyed('one'), 'body').catch(() => undefined);
    await until(() => waiting.length === 1);
    await started.crash();
    await first;
    const again = await started.call('/a/x', keyed('one'), 'body');
    expect(codeOf(again)).toEqual([409, 'idempotency_in_doubt']);
    expect(JSON.parse(again.body).call).toMatch(/^\d+$/);
    expect(codeOf(await started.call('/a/x', keyed('one'), 'other'))).toEqual([422, 'idempotency_mismatch']);
    expect([started.upstream.requests.length, started.charges().length]).toEqual([1, 0]);
  });

  it('behind a keyed call changes nothing: it is answered from what was kept', async () => {
    const started = await startKeyed({ behave: () => ok });
    await started.call('/a/x', keyed('one'), 'body');
    await started.journal.flush();
    await started.crash();
    const again = await started.call('/a/x', keyed('one'), 'body');
    expect([again.body, again.headers.get('idempotent-replayed')]).toEqual(['hello', 'true']);
    expect([started.upstream.requests.length, started.charged()]).toEqual([1, price]);
  });
});
