import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallContext } from '../../src/access/call-context.ts';
import { type ApiSpec, makeConfig } from './make-config.ts';
import { okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;
let signed: CallContext[];

async function start(spec: Partial<ApiSpec>) {
  signed = [];
  upstream = await startUpstream(() => okAnswer);
  rig = await startRig({
    config: makeConfig([{ origin: upstream.origin, basePath: '/v1', price: '0.1', ...spec }]),
    deps: {
      signContext(context) {
        signed.push(context);
        return `context of ${context.callId}`;
      },
    },
  });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

describe('an API with a signed context', () => {
  it('has it about exactly what is sent to the upstream', async () => {
    await start({ signedContext: true });
    await rig.get('/api0/a/b?x=1&y=%20');
    const seen = upstream.requests[0];
    expect(seen?.headers.get('callora-context')).toBe('context of 1');
    expect(signed).toEqual([
      { api: 'api0', account: 'GACCOUNT', callId: '1', price: '0.1', method: 'GET', target: '/v1/a/b?x=1&y=%20' },
    ]);
    expect(seen?.line).toBe('GET /v1/a/b?x=1&y=%20 HTTP/1.1');
  });

  it('has it about the root too, which is sent with a slash when the upstream has no prefix', async () => {
    await start({ signedContext: true, basePath: '' });
    await rig.get('/api0?x=1');
    expect(signed.map(({ target }) => target)).toEqual(['/?x=1']);
    expect(upstream.requests[0]?.line).toBe('GET /?x=1 HTTP/1.1');
  });

  it('has none of the client’s, in any spelling and whatever Connection names', async () => {
    await start({ signedContext: true });
    const name = fc.constantFrom('callora-context', 'Callora_Context', 'CALLORA-CONTEXT', 'x-callora-context');
    const field = fc.oneof(
      fc.tuple(name, fc.constant('forged')),
      fc.constant(['connection', 'close, callora-context'] as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 4 }), async (fields) => {
        const lines = fields.map(([key, value]) => `${key}: ${value}\r\n`).join('');
        const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n`;
        await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}${lines}\r\n`);
        const head = upstream.requests.at(-1)?.head ?? '';
        expect(head.match(/callora[-_]context/gi)).toHaveLength(1);
        expect(head).toMatch(/\r\ncallora-context: context of \d+\r\n/);
        expect(head).not.toContain('forged');
      }),
      { numRuns: 40 },
    );
  });
});

describe('an API without', () => {
  it('sends no context and signs nothing', async () => {
    await start({});
    await rig.get('/api0/a', { 'callora-context': 'forged' });
    expect(upstream.requests[0]?.headers.has('callora-context')).toBe(false);
    expect(signed).toEqual([]);
  });
});
