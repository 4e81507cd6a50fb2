import { afterEach, describe, expect, it } from 'vitest';
import { formatUsdc } from '../../src/money.ts';
import { until } from '../support/until.ts';
import { makeConfig } from './make-config.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

describe('a paid call', () => {
  it('is forwarded, charged once, and tells price and balance', async () => {
    upstream = await startUpstream();
    rig = await startRig({
      config: makeConfig([{ origin: upstream.origin, basePath: '/v1', price: '0.25' }]),
      balance: '1',
    });
    const answer = await rig.get('/api0/forecast/oslo?day=1&x=%2F');
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('hello');
    expect(upstream.requests.map(({ line }) => line)).toEqual(['GET /v1/forecast/oslo?day=1&x=%2F HTTP/1.1']);
    expect(answer.headers.get('callora-call')).toBe('1');
    expect(answer.headers.get('callora-price')).toBe('0.25');
    expect(answer.headers.get('callora-balance')).toBe('0.75');
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(rig.journal.charges).toMatchObject([
      { id: 1, accountId: 1, tokenId: 3, routeId: 7, method: 'GET', status: 200 },
    ]);
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ chargeId: 1, outcome: 'completed', bytesIn: 0, bytesOut: 5 }]);
    expect(formatUsdc(rig.ledger.spendable(rig.account()))).toBe('0.75');
    expect(rig.account().holds).toBe(0);
  });
});
