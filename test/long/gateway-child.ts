import { limits, makeConfig } from '../gateway/make-config.ts';
import { startRig } from '../gateway/rig.ts';
import { connectionLimits, type GatewayAsk, type GatewayTold } from './gateway-process.ts';

/** A gateway in a process of its own, so that its memory and its event loop are nobody else's. */
const [origin = ''] = process.argv.slice(2);
const bodyBytesMax = 64 * 1024 ** 3;
const rig = await startRig({
  config: makeConfig(
    [
      {
        origin,
        price: '0.1',
        list: [
          { match: 'POST /up', price: '0.1', bodyBytesMax },
          { match: 'GET /down', price: '0.1' },
        ],
        upstream: { connectionsMax: 1_000, idleTimeoutMs: connectionLimits.bodyIdleTimeoutMs },
      },
    ],
    { limits: { ...limits, ...connectionLimits } },
  ),
  balance: '100000000',
});

function tell(): GatewayTold {
  const { connections, running } = rig.gateway.stats();
  return {
    port: rig.port,
    rssBytes: process.memoryUsage.rss(),
    connections,
    running,
    holds: rig.account().holds,
    charges: rig.journal.charges.length,
    finishes: rig.journal.finishes.length,
    refunds: rig.journal.refunds.length,
  };
}

process.on('message', (ask: GatewayAsk) => {
  if (ask === 'collect') globalThis.gc?.();
  process.send?.(tell());
});
process.on('disconnect', () => process.exit(0));
process.send?.(tell());
