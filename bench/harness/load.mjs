import path from 'node:path';
import { startModule } from './children.mjs';

/** The load generator's process: one job at a time. */
export async function startLoad(core) {
  const file = path.join(import.meta.dirname, '..', 'load', 'generator.mjs');
  const program = startModule({ name: 'load generator', core, file });
  const lost = program.closed.then((end) => {
    throw new Error(`the load generator ended with ${end}:\n${program.stderr()}`);
  });
  lost.catch(() => undefined);
  const answer = () => Promise.race([new Promise((resolve) => program.child.once('message', resolve)), lost]);
  await answer();
  const positions = new Map();
  return {
    stop: program.stop,
    /** Runs one job against a target; its requests go on where the last job of this target ended. */
    async run(target, job) {
      const { name, port, tokensFile, paths } = target;
      const request = { port, tokensFile, paths, first: positions.get(name) ?? 0, connections: 64, ...job };
      program.child.send(request);
      const result = await answer();
      positions.set(name, result.next);
      return result;
    },
  };
}
