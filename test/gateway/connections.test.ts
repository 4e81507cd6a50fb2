import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../src/catalog/model.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { until } from '../support/until.ts';
import { limits, makeConfig } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;

async function start(changed: Partial<GatewayLimits>, deps: Partial<GatewayDeps> = {}) {
  upstream = await startUpstream();
  const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], { limits: { ...limits, ...changed } });
  rig = await startRig({ config, deps });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

const call = `GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`;

describe('a connection', () => {
  it('is told to close with the last request it may send', async () => {
    await start({ requestsPerConnectionMax: 2 });
    let text = '';
    const client = connect(rig.port, '127.0.0.1', () => client.write(call));
    client.on('data', (chunk) => {
      text += chunk.toString();
      if (text.split('hello').length === 2) client.write(call);
    });
    await until(() => client.readableEnded || client.destroyed, 'the connection ended');
    expect(text.match(/HTTP\/1.1 200/g)?.length).toBe(2);
    expect(text.match(/connection: close/gi)?.length).toBe(1);
    client.destroy();
  });

  it('that does not take an answer of the gateway’s own is ended', async () => {
    const internal: GatewayDeps['internal'] = (_req, res) => {
      res.end(Buffer.alloc(64 * 1024 * 1024));
      return true;
    };
    await start({ bodyIdleTimeoutMs: 20 }, { internal });
    const client = connect(rig.port, '127.0.0.1', () => client.write('GET /_callora/ HTTP/1.1\r\nhost: a\r\n\r\n'));
    client.pause();
    await until(() => rig.gateway.stats().running === 1, 'the answer was written');
    await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
    client.destroy();
  });

  it.each(['with its head', 'behind its head'])(
    'whose body for an own page breaks %s is refused at once',
    async (when) => {
      let reads = false;
      const internal: GatewayDeps['internal'] = (req, res) => {
        reads = true;
        req.on('end', () => res.end('whole')).on('error', () => {});
        req.resume();
        return true;
      };
      await start({}, { internal });
      const head = 'POST /_callora/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
      let text = '';
      const client = connect(rig.port, '127.0.0.1', () =>
        client.write(when === 'with its head' ? `${head}ZZ\r\n` : head),
      );
      client.on('data', (chunk) => {
        text += chunk.toString();
      });
      if (when !== 'with its head') {
        await until(() => reads, 'the page');
        client.write('ZZ\r\n');
      }
      await until(() => text !== '', 'the answer');
      client.destroy();
      expect(text).toMatch(/^HTTP\/1.1 400 .*"code":"bad_request"/s);
      expect(rig.metrics.ended).toMatchObject([[{ outcome: 'bad_request' }]]);
    },
  );

  it('that sends its head too slowly is answered with 408 and ended', async () => {
    await start({ headTimeoutMs: 100 });
    const answer = readAnswer(await rig.send('GET /api0/a HTTP/1.1\r\nhost: a\r\n'));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'request_timeout']);
  });

  it('that speaks HTTP/0.9 is told at once what is spoken here', async () => {
    await start({});
    const answer = readAnswer(await rig.send('GET /\r\n'));
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([
      400,
      'only HTTP/1.0 and HTTP/1.1 are spoken here',
    ]);
  });

  it('that was told to close takes nothing more, however fast it comes', async () => {
    await start({ requestsPerConnectionMax: 2 });
    const text = await rig.send(call + call + call);
    expect(text.match(/HTTP\/1.1 200/g)?.length).toBe(2);
    expect([upstream.requests.length, rig.journal.charges.length]).toEqual([2, 2]);
  });

  it('whose request was refused for its framing takes nothing more', async () => {
    await start({});
    const text = await rig.send(`GET /api0/a HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${call}`);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['breaks its framing', 'transfer-encoding: chunked\r\n\r\n5;\n'],
    ['is no body at all', 'transfer-encoding: chunked\r\n\r\nZZ\r\n'],
    ['has not come', 'content-length: 10\r\n\r\n'],
  ])('whose preflight has a body that %s takes nothing more, and says so', async (_what, body) => {
    await start({});
    const preflight = 'OPTIONS /api0/a HTTP/1.1\r\nhost: a\r\norigin: https://a.test\r\n';
    const client = connect(rig.port, '127.0.0.1', () =>
      client.write(`${preflight}access-control-request-method: GET\r\n${body}`),
    );
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString();
    });
    await until(() => text.endsWith('\r\n\r\n'), 'the answer to the preflight');
    client.write(call);
    await until(() => client.readableEnded || rig.metrics.ended.length > 1, 'the end, or an answer to the call');
    client.destroy();
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 204']);
    expect(text).toContain('connection: close');
    expect([upstream.requests, rig.journal.charges]).toEqual([[], []]);
  });

  it('keeps going behind a preflight whose body has come whole', async () => {
    await start({});
    const preflight = 'OPTIONS /api0/a HTTP/1.1\r\nhost: a\r\norigin: https://a.test\r\ncontent-length: 2\r\n';
    const bytes = `${preflight}access-control-request-method: GET\r\n\r\nhi${call}`;
    const text = await rig.send(bytes, (got) => got.endsWith('hello'));
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 204', 'HTTP/1.1 200']);
  });

  it('stays open after a refusal, for the next call', async () => {
    await start({});
    const refused = `GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n`;
    const text = await rig.send(refused + call, (got) => got.endsWith('hello'));
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('counts as gone when it has closed, so that others may come', async () => {
    await start({ connectionsPerAddressMax: 1 });
    const first = await new Promise<Socket>((resolve) => {
      const socket = connect(rig.port, '127.0.0.1', () => resolve(socket));
    });
    await until(() => rig.gateway.stats().connections === 1);
    expect(readAnswer(await rig.send(call)).status).toBe(503);
    first.destroy();
    await until(() => rig.gateway.stats().connections === 0);
    expect((await rig.get('/api0/a')).status).toBe(200);
  });
});
