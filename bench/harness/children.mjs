// The processes of a bench: each pinned to a core, each ended with the bench, however that ends.
import { fork, spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';

const running = new Set();

/** The kernel kills the child when this process is gone: nothing outlives a bench that was killed itself. */
function pinned(core) {
  return ['--pdeathsig', 'KILL', 'taskset', '-c', String(core)];
}

/** Starts a program on one core. `stdio` as for spawn; stderr is kept for the error message unless it is given. */
export function startProgram({ name, core, command, args, env = {}, stdio = ['ignore', 'ignore', 'pipe'], cwd }) {
  const child = spawn('setpriv', [...pinned(core), command, ...args], { stdio, cwd, env: { ...process.env, ...env } });
  return watch(name, child);
}

/** Starts a module of this bench on one core, with a channel for messages. */
export function startModule({ name, core, file, args = [] }) {
  const child = fork(file, args, {
    execPath: 'setpriv',
    execArgv: [...pinned(core), process.execPath],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  return watch(name, child);
}

function watch(name, child) {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-4_000);
  });
  running.add(child);
  const closed = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? code));
  }).then((end) => {
    running.delete(child);
    return end;
  });
  return {
    name,
    child,
    pid: child.pid,
    closed,
    stderr: () => stderr.trim(),
    /** Asks it to end, and insists after ten seconds. */
    async stop(signal = 'SIGTERM') {
      if (!running.has(child)) return closed;
      child.kill(signal);
      const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const end = await closed;
      clearTimeout(insist);
      return end;
    },
  };
}

/** Resolves when the program accepts connections; rejects when it ends before that. */
export async function untilListening(program, port, timeoutMs = 60_000) {
  const endMs = performance.now() + timeoutMs;
  let ended;
  program.closed.then((end) => {
    ended = end;
  });
  while (!(await accepts(port))) {
    if (ended !== undefined) throw new Error(`${program.name} ended with ${ended}:\n${program.stderr()}`);
    if (performance.now() > endMs) throw new Error(`${program.name} does not listen on ${port}:\n${program.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A port that is free, below those that the system hands out itself: nobody takes it until the program has started. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await canListen(port)) return port;
  }
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export function hasProgram(name) {
  return spawnSync('which', [name], { stdio: 'ignore' }).status === 0;
}

/** Runs `cleanUp` at the first signal, exits at the second, and leaves no child behind. Tells whether one has come. */
export function endWithBench(cleanUp) {
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, async () => {
      if (ending) process.exit(1);
      ending = true;
      console.error('\nstopping');
      await cleanUp().catch(() => undefined);
      process.exit(130);
    });
  }
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  return { ending: () => ending };
}
