import { describe, expect, it } from 'vitest';
import { createLogin } from '../../src/app/login.ts';
import type { SimNetwork } from '../simulation/network.ts';
import { held, startFunded } from './core-rig.ts';

describe('a token from before this database', () => {
  it('is refused, for nobody knows whether it was revoked or its cap spent; one from after is good', async () => {
    const rig = await startFunded('lost tokens');
    const issue = () =>
      rig.gateway.core.tokenDesk.issue({
        account: rig.consumer.address,
        scope: '*',
        ttlMs: 86_400_000,
        source: 'wallet',
      });
    const before = await issue();
    await rig.gateway.core.tokenDesk.revoke(before.jti);
    const capped = await issue();
    rig.network.pass(5);
    await rig.restart({ anew: true });
    await rig.turns();
    const { verifier } = rig.gateway.core;
    expect(await verifier.verify(before.token)).toEqual({ ok: false, reason: 'token_revoked' });
    expect(await verifier.verify(capped.token)).toEqual({ ok: false, reason: 'token_revoked' });
    const after = await issue();
    expect(await verifier.verify(after.token)).toMatchObject({ ok: true });
    await rig.restart();
    expect(await rig.gateway.core.verifier.verify(after.token)).toMatchObject({ ok: true });
  });
});

describe('a deposit of before this database, that no source shows any more', () => {
  it('is found when its account logs in', async () => {
    const rig = await startFunded('pruned');
    for (let ledger = 0; ledger < 20; ledger++) rig.network.pass(5);
    await rig.restart({ anew: true, network: pruned(rig.network) });
    await rig.turns();
    await rig.takeOver();
    const { core } = rig.gateway;
    expect(core.ledger.account(rig.consumer.address)).toBeUndefined();
    await createLogin(core).startSession(rig.consumer.address);
    expect(core.ledger.account(rig.consumer.address)).toMatchObject({ deposited: held });
    expect(await rig.sell(1)).toBe(1);
  });
});

/** A server that keeps the last five ledgers only. */
function pruned(network: SimNetwork): SimNetwork {
  const oldest = network.chain.history.latest().sequence - 5;
  return {
    ...network,
    line(rules) {
      const whole = network.line(rules);
      return async (url, init) => {
        const { method, params, id } = JSON.parse(String(init?.body));
        if (method === 'getEvents' && params.startLedger < oldest) {
          const error = { code: -32600, message: `startLedger must be within the ledger range: ${oldest} - 99` };
          return new Response(JSON.stringify({ jsonrpc: '2.0', id, error }));
        }
        const answer = await whole(url, init);
        if (method !== 'getHealth') return answer;
        const body: { result: object } = JSON.parse(await answer.text());
        return new Response(JSON.stringify({ ...body, result: { ...body.result, oldestLedger: oldest } }));
      };
    },
  };
}
