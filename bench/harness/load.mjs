import path from 'node:path';
import { startModule } from './children.mjs';

/** The load generator's process: one job at a time. */
export async function startLoad(core) {
  const file = path.join(import.meta.dirname, '..', 'load', 'generator.mjs');
  const generator = startModule({ name: 'load generator', core, file });
  const lost = deathOf(generator);
  lost.catch(() => undefined);
  const answer = () => Promise.race([new Promise((resolve) => generator.child.once('message', resolve)), lost]);
  await answer();
  const positions = new Map();
  return {
    stop: generator.stop,
    /** Runs one job against a target; its requests go on where the last job of this target ended. */
    async run(target, job) {
      const { name, port, tokensFile, pathsFile, program } = target;
      const request = { port, tokensFile, pathsFile, first: positions.get(name) ?? 0, connections: 64, ...job };
      generator.child.send(request);
      const result = await Promise.race([answer(), tooLong(name, job), ...(program ? [deathOf(program)] : [])]);
      positions.set(name, result.next);
      return result;
    },
  };
}

/** Rejects when a program ends that should run on. */
function deathOf(program) {
  return program.closed.then((end) => {
    throw new Error(`${program.name} ended with ${end} during a measurement\n${program.stderr()}`);
  });
}

/** A measurement takes its time and what warms up; a program that answers nothing any more would take for ever. */
function tooLong(name, { seconds = 60 }) {
  return new Promise((_, reject) => {
    const late = () => reject(new Error(`the load on ${name} does not end: it leaves requests without an answer`));
    setTimeout(late, (seconds * 4 + 120) * 1_000).unref();
  });
}
