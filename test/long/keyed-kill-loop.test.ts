import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';
import { token } from '../gateway/rig.ts';
import { figure } from '../support/figure.ts';

const kills = 25;
const clients = 8;

/** What a client knows of one of its keys in the end. */
type Ending = { status: number; code: string | undefined; body: string };

async function startGateway(file: string, origin: string): Promise<{ child: ChildProcess; url: string }> {
  const args = [path.join(import.meta.dirname, 'keyed-kill-loop-child.ts'), file, origin];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout ?? process.stdin, 'data')) as [Buffer];
  return { child, url: `http://127.0.0.1:${String(port).trim()}` };
}

it('however often the gateway is killed under keyed calls, no key is two calls upstream or two charges', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-keyed-kill-'));
  const file = path.join(folder, 'callora.db');
  const seen = new Map<string, number>();
  let sent = 0;
  const upstream = createServer((req, res) => {
    const key = String(req.headers['idempotency-key']);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    // Some answers come at once, some late, some in two parts: kills fall before, in and behind them.
    const index = sent++;
    const inParts = index % 2 === 1;
    res.writeHead(200, { 'content-length': '10' });
    if (inParts) res.write('hello');
    void systemClock.sleep((index % 4) * 3).then(() => res.end(inParts ? 'world' : 'helloworld'));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const endings = new Map<string, Ending>();
  let gateway = await startGateway(file, origin);
  let over = false;

  /** Asks with one key until it is told something final, as a careful client does. */
  async function settle(key: string): Promise<void> {
    while (!endings.has(key)) {
      try {
        const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key };
        const answer = await fetch(`${gateway.url}/a/x`, { method: 'POST', headers, body: key });
        const body = await answer.text();
        const code: string | undefined = answer.status === 200 ? undefined : JSON.parse(body).code;
        if (code !== 'idempotency_in_progress') endings.set(key, { status: answer.status, code, body });
      } catch {
        // Killed under the call: the next try finds out what became of it.
        await systemClock.sleep(2);
      }
    }
  }

  async function client(number: number): Promise<void> {
    for (let n = 0; !over; n++) await settle(`key-${number}-${n}`);
  }

  try {
    const running = Array.from({ length: clients }, (_, number) => client(number));
    for (let kill = 0; kill < kills; kill++) {
      const target = endings.size + 1 + ((kill * 37) % 120);
      while (endings.size < target) await systemClock.sleep(1);
      gateway.child.kill('SIGKILL');
      await once(gateway.child, 'exit');
      gateway = await startGateway(file, origin);
    }
    over = true;
    await Promise.all(running);
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');

    const codes = new Map<string, number>();
    for (const { status, code } of endings.values()) {
      const name = code ?? String(status);
      codes.set(name, (codes.get(name) ?? 0) + 1);
    }
    expect([...codes.keys()].filter((name) => name !== '200' && name !== 'idempotency_in_doubt')).toEqual([]);
    const bodies = new Set([...endings.values()].filter(({ status }) => status === 200).map(({ body }) => body));
    expect(bodies).toEqual(new Set(['helloworld']));
    expect(Math.max(...seen.values())).toBe(1);
    const store = openStore({ path: file, clock: systemClock, log: silentLog() });
    const rows = store.db
      .prepare<[], { key: string; state: string; charged: number }>(
        'SELECT k.key, k.state, (SELECT COUNT(*) FROM charges c WHERE c.id = k.call_id) AS charged FROM idempotency_keys k',
      )
      .all();
    const charges = store.db.prepare<[], number>('SELECT COUNT(*) FROM charges').pluck().get();
    await store.close();
    expect(rows.length).toBe(endings.size);
    // Every charge belongs to a key, and no key has two.
    expect(rows.reduce((sum, { charged }) => sum + charged, 0)).toBe(charges);
    for (const { key, state, charged } of rows) {
      expect([key, endings.get(key)?.status === 200 ? charged : 1]).toEqual([key, 1]);
      if (state === 'answered') expect([key, charged]).toEqual([key, 1]);
    }
    figure(`${kills} kills, ${rows.length} keys, ${codes.get('idempotency_in_doubt') ?? 0} in doubt`);
  } finally {
    over = true;
    gateway.child.kill('SIGKILL');
    upstream.closeAllConnections();
    upstream.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
