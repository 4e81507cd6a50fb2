import { makeConfig } from '../gateway/make-config.ts';
import { startRig } from '../gateway/rig.ts';

/** A gateway in a process of its own, whose memory nothing else uses. Says its port, then on each message its peak. */
const [origin = '', bytes = '0'] = process.argv.slice(2);
const list = [{ match: 'POST /up', price: '0.1', bodyBytesMax: Number(bytes) }];
const rig = await startRig({ config: makeConfig([{ origin, price: '0.1', list }]) });

let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);

process.on('message', () => {
  process.send?.({ peak });
  peak = 0;
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: rig.port });
