import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** WebSockets from outside: the sandbox as it is shipped, and the client that comes with Node. */

let sandbox: Sandbox;
let home: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  home = mkdtempSync(path.join(tmpdir(), 'callora-websocket-'));
});

afterAll(async () => {
  await sandbox?.stop();
  rmSync(home, { recursive: true, force: true });
});

type Usage = { call: string; token: string; status: number; price: string; method: string; outcome: string | null }[];

function jtiOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;
}

/** What the operator sees of a token's calls; consumers may ask for theirs only so often. */
async function usageOf(token: string): Promise<Usage> {
  const { config, consumer } = sandbox.info;
  const listed = await callora(['usage', 'list', '--account', consumer.address, '--config', config, '--json']);
  const { items } = JSON.parse(listed.stdout) as { items: Usage };
  return items.filter((item) => item.token === jtiOf(token));
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
  }
}

async function issue(...args: string[]): Promise<string> {
  const { config, consumer } = sandbox.info;
  const issued = await callora(['token', 'issue', '--config', config, '--account', consumer.address, ...args]);
  return issued.stdout.trim();
}

/** Node's client takes header fields, which the types of browsers do not know. */
function connect(token: string): { socket: WebSocket; heard: string[]; closed: Promise<CloseEvent> } {
  const options = { headers: { authorization: `Bearer ${token}` } } as unknown as string[];
  const socket = new WebSocket(`${sandbox.info.gateway.replace('http', 'ws')}/demo/live`, options);
  const heard: string[] = [];
  socket.addEventListener('message', ({ data }) => heard.push(String(data)));
  return { socket, heard, closed: once(socket, 'close').then(([event]) => event as CloseEvent) };
}

async function open(token = sandbox.info.token) {
  const found = connect(token);
  await once(found.socket, 'open');
  return found;
}

async function hears({ socket, heard }: Awaited<ReturnType<typeof open>>, text: string): Promise<void> {
  while (!heard.includes(text)) await once(socket, 'message');
}

const echo = (text: string) => JSON.stringify({ echo: text });

describe('a WebSocket of the sandbox', () => {
  it('opens with the line that the sandbox prints, whatever Node is on the PATH', async () => {
    // It comes a moment after the word that the sandbox is ready.
    const line = await until(
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return /^.*node -e .*(?=\n)/m.exec(sandbox.stdout())?.[0].trim();
      },
      (text) => text !== undefined,
    );
    const oldNode = `#!/bin/sh\ncase $1 in -e) exit 1;; esac\nexec '${process.execPath}' "$@"\n`;
    writeFileSync(path.join(home, 'node'), oldNode, { mode: 0o755 });
    const env = { ...process.env, PATH: `${home}:${process.env.PATH}` };
    const shell = spawn('sh', ['-c', `exec ${line}`], { env, detached: true });
    const closed = once(shell, 'close');
    let said = '';
    const hear = (text: string) => {
      const before = said.includes(echo('hello'));
      said += text;
      if (!before && said.includes(echo('hello'))) process.kill(-Number(shell.pid), 'SIGKILL');
    };
    shell.stdout.setEncoding('utf8').on('data', hear);
    shell.stderr.setEncoding('utf8').on('data', hear);
    await closed;
    expect(said).toContain(echo('hello'));
  });

  it('costs what its messages cost: what the upstream says by itself is free', async () => {
    const token = await issue('--label', 'by the message');
    const live = await open(token);
    await hears(live, '{"tick":1}');
    expect(await usageOf(token)).toEqual([]);
    live.socket.send('hello');
    live.socket.send('x'.repeat(20_000));
    await hears(live, echo('hello'));
    await hears(live, echo('x'.repeat(20_000)));
    live.socket.close(1000);
    expect(await live.closed).toMatchObject({ code: 1000, wasClean: true });
    const usage = await until(
      () => usageOf(token),
      (items) => items.length === 2 && items.every(({ outcome }) => outcome !== null),
    );
    for (const item of usage) {
      expect(item).toMatchObject({ status: 101, method: 'GET', price: '0.001', outcome: 'completed' });
    }
  });

  it('ends with 1008 at the message that is not covered, and the upstream has heard all that were', async () => {
    const token = await issue('--cap', '0.0035');
    const live = await open(token);
    for (const text of ['one', 'two', 'three', 'four', 'five']) live.socket.send(text);
    const end = await live.closed;
    expect([end.code, end.reason]).toEqual([1008, expect.stringContaining('token_cap_reached')]);
    expect(live.heard.filter((text) => text.includes('echo'))).toEqual(['one', 'two', 'three'].map(echo));
    const usage = await until(
      () => usageOf(token),
      (items) => items.every(({ outcome }) => outcome !== null),
    );
    expect(usage.map(({ price }) => price)).toEqual(['0.001', '0.001', '0.001']);
  });

  it('opens for nobody without a token or with one that cannot pay a message', async () => {
    for (const token of ['nonsense', await issue('--cap', '0.0005')]) {
      const { socket, closed } = connect(token);
      await once(socket, 'error');
      expect((await closed).wasClean).toBe(false);
    }
  });

  it('has receipts that prove its messages like any call', async () => {
    const token = await issue('--label', 'receipts');
    const live = await open(token);
    live.socket.send('on the record');
    await hears(live, echo('on the record'));
    live.socket.close();
    await live.closed;
    const [item] = await until(
      () => usageOf(token),
      (items) => items.length === 1 && items[0]?.outcome === 'completed',
    );
    const { gateway, config, consumer } = sandbox.info;
    const env = { CALLORA_HOME: home };
    const run = (...args: string[]) => callora(args, { env });
    expect((await run('login', '--gateway', gateway, '--key', consumer.keyFile)).code).toBe(0);
    expect((await callora(['settle', 'now', '--config', config])).code).toBe(0);
    const receipt = path.join(home, 'receipt.json');
    expect((await run('receipt', item?.call ?? '', '--out', receipt)).code).toBe(0);
    expect(JSON.parse(readFileSync(receipt, 'utf8'))).toMatchObject({ leaf: { status: 101, route: '/demo/live' } });
    const verified = await run('verify', receipt, '--gateway', gateway);
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  });

  it('ends with 1008 within the check interval once its token is revoked', async () => {
    const { config, gateway } = sandbox.info;
    const yaml = readFileSync(config, 'utf8').replace('limits: {', 'limits: { websocket_check_interval: 1s,');
    writeFileSync(config, yaml.replace('A WebSocket that says back', 'A socket that says back'));
    await until(
      async () => (await fetch(`${gateway}/_callora/catalog`)).text(),
      (text) => text.includes('A socket that says back'),
    );
    const token = await issue('--label', 'revoked');
    const live = await open(token);
    live.socket.send('still good');
    await hears(live, echo('still good'));
    expect((await callora(['token', 'revoke', jtiOf(token), '--config', config])).code).toBe(0);
    const end = await live.closed;
    expect([end.code, end.reason]).toEqual([1008, expect.stringContaining('token_revoked')]);
  });

  it('ends with 1001 when the gateway stops, which it then does in good order', async () => {
    const live = await open();
    live.socket.send('last words');
    await hears(live, echo('last words'));
    const stopped = sandbox.stop();
    expect(await live.closed).toMatchObject({ code: 1001, wasClean: true });
    expect(await stopped).toBe(0);
  });
});
