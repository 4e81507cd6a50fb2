import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { silentLog } from '../../src/log.ts';
import { formatUsdc } from '../../src/money.ts';
import { until } from '../support/until.ts';
import { fakeJournal } from './fake-journal.ts';
import { type ApiSpec, makeConfig, usdc } from './make-config.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { account, type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;

async function start(behave: Behaviour, spec: Partial<ApiSpec> = {}, balance = '1', deps: Partial<GatewayDeps> = {}) {
  upstream = await startUpstream(behave);
  rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }]), balance, deps });
}

beforeEach(() => {
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await rig.close();
  await upstream.close();
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
});

const verified = {
  jti: 'jti-1',
  account,
  scopes: '*' as const,
  expiresAtMs: Number.MAX_SAFE_INTEGER,
  capUnits: undefined,
};

let clients: Socket[];

/** A client that a test can end at any moment. */
function open(request: string): Promise<{ socket: Socket; text: () => string }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(rig.port, '127.0.0.1', () => {
      socket.write(request);
      resolve({ socket, text: () => text });
    });
    clients.push(socket);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
  });
}

const get = `GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`;
const spendable = () => formatUsdc(rig.ledger.spendable(rig.account()));

describe('what an upstream answers decides what is charged', () => {
  it.each([
    [200, '0.1'],
    [201, '0.1'],
    [204, '0.1'],
    [301, '0'],
    [304, '0'],
    [400, '0'],
    [404, '0'],
    [500, '0'],
    [503, '0'],
  ])('status %i costs %s', async (status, price) => {
    await start(() => `HTTP/1.1 ${status} Any\r\ncontent-length: 0\r\nlocation: /elsewhere\r\n\r\n`);
    const answer = await rig.get('/api0/a');
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([status, price]);
    expect(rig.journal.charges.length).toBe(price === '0' ? 0 : 1);
    expect(spendable()).toBe(price === '0' ? '1' : '0.9');
  });

  it('and a server error costs nothing even where the route charges every status', async () => {
    await start(() => 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n', {
      list: [{ match: 'GET /a', price: '0.1', charges: () => true }],
    });
    await rig.get('/api0/a');
    expect(rig.journal.charges).toEqual([]);
  });

  it('and informational heads neither charge nor release', async () => {
    let behave: (() => void) | undefined;
    await start((_request, socket) => {
      behave = () => socket.write('HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n');
      return 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
    });
    const answer = rig.get('/api0/a');
    await until(() => behave !== undefined);
    expect([rig.account().holds, rig.journal.charges.length]).toEqual([1, 0]);
    behave?.();
    const { raw, status } = await answer;
    expect([raw.startsWith('HTTP/1.1 103 '), status]).toEqual([true, 404]);
  });
});

describe('an upstream that gives no usable head costs nothing', () => {
  it.each<[string, Behaviour, number, string]>([
    ['closes', (_r, socket) => void socket.destroy(), 502, 'upstream_bad_answer'],
    ['resets', (_r, socket) => void socket.resetAndDestroy(), 502, 'upstream_bad_answer'],
    ['speaks another protocol', () => 'SSH-2.0-OpenSSH_9.9\r\n', 502, 'upstream_bad_answer'],
    [
      'frames its answer in two ways',
      () => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      502,
      'upstream_bad_answer',
    ],
    [
      'declares two lengths',
      () => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
      502,
      'upstream_bad_answer',
    ],
    [
      'sends an endless head',
      () => `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}\r\n`,
      502,
      'upstream_bad_answer',
    ],
    [
      'puts a control byte into a field',
      () => 'HTTP/1.1 200 OK\r\nx-a: a\x7fb\r\ncontent-length: 0\r\n\r\n',
      502,
      'upstream_bad_answer',
    ],
    [
      'upgrades unasked',
      () => 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      502,
      'upstream_bad_answer',
    ],
    [
      'ends between informational and final head',
      (_r, socket) => void socket.end('HTTP/1.1 103 Hints\r\n\r\n'),
      502,
      'upstream_bad_answer',
    ],
  ])('when it %s', async (_name, behave, status, code) => {
    await start(behave);
    const answer = await rig.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code]);
    expect(answer.headers.get('proxy-status')).toMatch(/^callora; error=/);
    expect(answer.headers.get('callora-call')).toBe('1');
    expect(answer.headers.get('callora-price')).toBe('0');
    expect([rig.journal.charges, spendable()]).toEqual([[], '1']);
  });

  it('when nobody listens', async () => {
    await start(() => okAnswer);
    await upstream.close();
    const answer = await rig.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_unreachable']);
    expect(answer.headers.get('proxy-status')).toBe('callora; error=connection_refused');
    expect(spendable()).toBe('1');
  });

  it('when it is silent past the route’s time', async () => {
    await start(() => undefined, { list: [{ match: 'GET /a', price: '0.1', timeoutMs: 50 }] });
    const answer = await rig.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, 'upstream_timeout']);
    expect(spendable()).toBe('1');
    await until(() => upstream.connections.size === 0, 'the upstream connection closed');
  });

  it('when every connection to it stays busy', async () => {
    await start((request) => (request.line.includes('/b') ? okAnswer : undefined), {
      upstream: { connectionsMax: 1 },
      list: [{ match: 'GET /b', price: '0.1', timeoutMs: 50 }],
    });
    const busy = await open(get);
    await until(() => upstream.requests.length === 1);
    const answer = await rig.get('/api0/b');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, 'upstream_timeout']);
    expect(rig.account().holds).toBe(1);
    busy.socket.destroy();
    await until(() => rig.account().holds === 0);
    expect(upstream.requests.length).toBe(1);
    expect((await rig.get('/api0/b')).status).toBe(200);
  });
});

describe('an upstream that breaks off behind its head', () => {
  it.each([
    ['in a body of known length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
    ['in a chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['in the size of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZ'],
  ])('%s gives a broken answer and a refund', async (_name, bytes) => {
    let breakOff: (() => void) | undefined;
    await start((_request, socket) => {
      breakOff = () => socket.destroy();
      return bytes;
    });
    const client = await open(get);
    await until(() => client.text().includes('hello') || client.socket.destroyed);
    breakOff?.();
    await until(() => client.socket.destroyed || client.socket.readableEnded, 'the client saw the end');
    expect(client.text()).not.toContain('\r\n0\r\n\r\n');
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.refunds).toMatchObject([{ chargeId: 1, reason: 'upstream_broke' }]);
    expect(rig.journal.finishes).toMatchObject([{ chargeId: 1, outcome: 'upstream_broke' }]);
    expect(spendable()).toBe('1');
    expect(rig.metrics.refunded.length).toBe(1);
  });

  it('before its charge is committed gives a clean refusal and a refund', async () => {
    let commit: (() => void) | undefined;
    let socket: Socket | undefined;
    await start((_request, upstreamSocket) => {
      socket = upstreamSocket;
      return 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello';
    });
    rig.journal.beforeCharge = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const answer = rig.get('/api0/a');
    await until(() => commit !== undefined);
    socket?.destroy();
    await until(() => upstream.connections.size === 0);
    await new Promise((resolve) => setImmediate(resolve));
    commit?.();
    const { status, headers } = await answer;
    expect([status, headers.get('callora-price')]).toEqual([502, '0']);
    expect(rig.journal.refunds.length).toBe(1);
    expect(spendable()).toBe('1');
  });

  it('stays open when the refund cannot be written, so that settlement leaves the charge alone', async () => {
    await start((_request, socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'));
    rig.journal.refund = () => Promise.reject(new GatewayError('journal_unavailable'));
    await rig.get('/api0/a');
    await until(() => rig.metrics.ended.length === 1);
    expect(rig.journal.finishes).toEqual([]);
    expect(rig.metrics.ended[0]).toMatchObject([{ outcome: 'upstream_broke', paid: usdc('0.1') }]);
    expect(spendable()).toBe('0.9');
  });
});

describe('the journal', () => {
  it('is written before the first byte of the answer leaves', async () => {
    let commit: (() => void) | undefined;
    await start(() => okAnswer);
    rig.journal.beforeCharge = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const client = await open(get);
    await until(() => commit !== undefined);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([client.text(), rig.account().holds]).toEqual(['', 1]);
    commit?.();
    await until(() => client.text().endsWith('hello'));
    expect(rig.account()).toMatchObject({ holds: 0, unsettled: 1_000_000n });
  });

  it('that refuses makes the call free and unanswered: 503, and the upstream is cut off', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nsecret\r\n');
      return undefined;
    });
    rig.journal.beforeCharge = () => Promise.reject(new GatewayError('journal_unavailable'));
    const answer = await rig.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([503, 'journal_unavailable']);
    expect(answer.raw).not.toContain('secret');
    expect([spendable(), rig.journal.finishes]).toEqual(['1', []]);
    await until(() => upstream.connections.size === 0, 'the upstream was cut off');
  });
});

describe('a defect of the gateway behind a charge', () => {
  it('gives a broken answer and a refund, and cuts the upstream off', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-leak: upstream-secret\r\n\r\n';
    const fail = () => {
      throw new Error('a defect');
    };
    const secret: Partial<ApiSpec> = { headers: [['x-api-key', 'upstream-secret']], secrets: ['upstream-secret'] };
    await start(() => head, secret, '1', { log: { ...silentLog(), warn: fail } });
    expect(await rig.send(get)).toBe('');
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.refunds).toMatchObject([{ chargeId: 1, reason: 'gateway_failed' }]);
    expect(rig.journal.finishes).toMatchObject([{ chargeId: 1, outcome: 'gateway_failed' }]);
    expect(spendable()).toBe('1');
    await until(() => upstream.connections.size === 0, 'the upstream was cut off');
  });
});

describe('a client that leaves', () => {
  it('before the head has not paid, and its upstream is cut off', async () => {
    await start(() => undefined);
    const client = await open(get);
    await until(() => upstream.requests.length === 1);
    client.socket.destroy();
    await until(() => rig.account().holds === 0);
    await until(() => upstream.connections.size === 0, 'the upstream was cut off');
    expect([rig.journal.charges, spendable()]).toEqual([[], '1']);
  });

  it('while its token is looked at has not paid, and its call is never sent', async () => {
    const look = Promise.withResolvers<void>();
    let looked = false;
    await start(() => okAnswer, {}, '1', {
      verifier: {
        cached: () => undefined,
        async verify() {
          looked = true;
          await look.promise;
          return { ok: true, token: verified };
        },
      },
    });
    const client = await open(get);
    await until(() => looked);
    client.socket.destroy();
    await until(() => rig.gateway.stats().connections === 0);
    look.resolve();
    await until(() => rig.gateway.stats().running === 0);
    expect([upstream.requests, rig.journal.charges, spendable()]).toEqual([[], [], '1']);
  });

  it('between the head and its commit has paid', async () => {
    let commit: (() => void) | undefined;
    await start(() => okAnswer);
    rig.journal.beforeCharge = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const client = await open(get);
    await until(() => commit !== undefined);
    client.socket.destroy();
    await until(() => rig.gateway.stats().connections === 0);
    commit?.();
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 0 }]);
    expect(spendable()).toBe('0.9');
  });

  it('in the middle of the body has paid, and its upstream is cut off', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
      return undefined;
    });
    const client = await open(get);
    await until(() => client.text().includes('hello'));
    client.socket.destroy();
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 5 }]);
    expect([rig.journal.refunds, spendable()]).toEqual([[], '0.9']);
    await until(() => upstream.connections.size === 0, 'the upstream was cut off');
  });

  it('while its call waits for a connection to the upstream has not paid', async () => {
    await start(() => undefined, { upstream: { connectionsMax: 1 } });
    const first = await open(get);
    await until(() => upstream.requests.length === 1);
    const second = await open(get);
    await until(() => rig.account().holds === 2);
    second.socket.destroy();
    await until(() => rig.account().holds === 1);
    first.socket.destroy();
    await until(() => rig.account().holds === 0);
    expect(upstream.requests.length).toBe(1);
  });

  it('with calls in a pipeline leaves no hold behind', async () => {
    await start(() => undefined);
    const client = await open(get + get + get);
    await until(() => rig.account().holds === 1);
    client.socket.destroy();
    await until(() => rig.account().holds === 0);
    await until(() => rig.gateway.stats().running === 0);
    expect([rig.journal.charges, upstream.requests.length]).toEqual([[], 1]);
  });

  it('in the middle of its upload has not paid, and the upstream sees no clean end', async () => {
    await start(() => okAnswer);
    const client = await open(
      `POST /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    );
    await until(() => upstream.bytes.some((bytes) => bytes.includes('hello')));
    client.socket.destroy();
    await until(() => rig.account().holds === 0 && upstream.connections.size === 0);
    expect(upstream.bytes.join('')).not.toContain('0\r\n\r\n');
    expect([rig.journal.charges, spendable()]).toEqual([[], '1']);
  });
});

describe('many calls at once on a small balance', () => {
  it('are served exactly as often as it pays for', async () => {
    await start(
      (_request, socket) => {
        setImmediate(() => socket.write(okAnswer));
        return undefined;
      },
      {},
      '5',
    );
    const answers = await Promise.all(Array.from({ length: 200 }, () => rig.get('/api0/a')));
    const served = answers.filter(({ status }) => status === 200).length;
    const refused = answers.filter(({ status }) => status === 402).length;
    expect([served, refused]).toEqual([50, 150]);
    expect([upstream.requests.length, rig.journal.charges.length]).toEqual([50, 50]);
    expect([spendable(), rig.account().charged]).toEqual(['0', 50_000_000n]);
  });

  it('tell each its own balance, other holds taken off', async () => {
    const release: (() => void)[] = [];
    await start((_request, socket) => {
      release.push(() => socket.write(okAnswer));
      return undefined;
    });
    const first = rig.get('/api0/a');
    const second = rig.get('/api0/b');
    await until(() => release.length === 2);
    release[0]?.();
    release[1]?.();
    expect((await first).headers.get('callora-balance')).toBe('0.8');
    expect((await second).headers.get('callora-balance')).toBe('0.8');
  });
});

describe('a reload', () => {
  it('does not touch the price of a started call', async () => {
    let answer: (() => void) | undefined;
    await start((_request, socket) => {
      answer = () => socket.write(okAnswer);
      return undefined;
    });
    const call = rig.get('/api0/a');
    await until(() => answer !== undefined);
    rig.setConfig(makeConfig([{ origin: upstream.origin, price: '0.5' }]));
    answer?.();
    expect((await call).headers.get('callora-price')).toBe('0.1');
    const next = rig.get('/api0/a');
    await until(() => upstream.requests.length === 2);
    answer?.();
    expect((await next).headers.get('callora-price')).toBe('0.5');
  });
});

describe('a journal that is never reached', () => {
  it('has no row for a free call', async () => {
    const journal = fakeJournal();
    upstream = await startUpstream();
    rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0' }]), journal });
    const answer = await rig.get('/api0/a');
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([200, '0']);
    expect(journal.charges).toEqual([]);
  });
});
