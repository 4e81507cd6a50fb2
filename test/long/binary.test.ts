import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { callora, type Program, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** The bundle and both kinds of binary, each alone in an empty directory with an empty PATH. */

const root = path.resolve(import.meta.dirname, '../..');
const target = `${process.platform.replace('win32', 'win')}-${process.arch}`;
const sizeMax = 115 * 2 ** 20;

function run(script: string): void {
  execFileSync(process.execPath, [path.join(root, 'scripts', script)], { cwd: root, stdio: 'pipe' });
}

beforeAll(() => {
  run('build-pages.mjs');
  run('build.mjs');
  run('licences.mjs');
  run('sbom.mjs');
});

const programs = [
  { name: 'the bundle', script: undefined, file: undefined },
  { name: 'the binary', script: 'build-binary.mjs', file: `dist/bin/callora-${target}` },
  { name: 'the plain single executable', script: 'build-sea.mjs', file: `dist/bin/callora-sea-${target}` },
];

describe.each(programs)('$name', ({ script, file }) => {
  let dir: string;
  let program: Program;
  let sandbox: Sandbox;
  let serving: { child: ChildProcess; ended: Promise<number | null> };

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'callora-alone-'));
    // HOME stays unset, and temporary files can be seen.
    const surroundings = { cwd: dir, env: { PATH: '', TMPDIR: dir } };
    if (script === undefined || file === undefined) {
      program = { command: process.execPath, args: [path.join(root, 'dist/main.cjs')], ...surroundings };
    } else {
      run(script);
      copyFileSync(path.join(root, file), path.join(dir, 'callora'));
      program = { command: path.join(dir, 'callora'), args: [], ...surroundings };
    }
    sandbox = await startSandbox([], program);
  });

  afterAll(async () => {
    serving?.child.kill('SIGKILL');
    await sandbox?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.runIf(file)('is at most 115 MiB', () => {
    expect(statSync(path.join(root, file ?? '')).size).toBeLessThanOrEqual(sizeMax);
  });

  it('says its version within half a second', async () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const times: number[] = [];
    // The best of some: what is promised is the program's own time, not that of a busy machine.
    for (let start = 0; start < 5; start++) {
      const before = performance.now();
      const said = await callora(['--version'], {}, program);
      times.push(performance.now() - before);
      expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining(`callora ${version}\n`) });
    }
    expect(Math.min(...times)).toBeLessThan(500);
  });

  it('prints the licences of what is inside', async () => {
    const printed = await callora(['licences'], {}, program);
    expect(printed.stdout).toContain('Node.js');
    expect(printed.stdout).toContain('@stellar/stellar-sdk');
    expect(printed.stdout).toContain('soroban-env-host');
  });

  it('has a sandbox ready in ten seconds, by its own count', () => {
    const seconds = Number(/Ready in ([0-9.]+) s/.exec(sandbox.stdout())?.[1]);
    expect(seconds).toBeLessThan(10);
  });

  it('sells a call, serves the pages and settles', async () => {
    const { info } = sandbox;
    const paid = await fetch(`${info.gateway}/demo/forecast/oslo`, {
      headers: { authorization: `Bearer ${info.token}` },
    });
    expect(paid.status).toBe(200);
    expect(paid.headers.get('callora-price')).toBe('0.002');
    const page = await fetch(`${info.admin}/dashboard/`);
    expect(page.status).toBe(200);
    const html = await page.text();
    const asset = /src="\.\/(assets\/[^"]+\.js)"/.exec(html)?.[1];
    expect((await fetch(`${info.admin}/dashboard/${asset}`)).status).toBe(200);
    const settled = await callora(['settle', 'now', '--config', info.config], {}, program);
    expect(settled).toMatchObject({ code: 0, stderr: '' });
    const reconciled = await callora(['reconcile', '--config', info.config], {}, program);
    expect(reconciled.stdout).toContain('0 units off');
  });

  it.runIf(process.platform === 'linux')('has one copy of SQLite in the process, and it leaves no file', () => {
    expect(sqliteFiles(sandbox.child.pid)).toHaveLength(1);
    expect(readdirSync(sandbox.info.dataDir).filter((name) => name.startsWith('.callora-'))).toEqual([]);
  });

  it('serves a config, and again after a kill', async () => {
    const config = await secondConfig(sandbox);
    serving = await serve(program, config, '--first-start');
    serving.child.kill('SIGKILL');
    await serving.ended;
    serving = await serve(program, config);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
  });

  it('leaves nothing behind when it ends', async () => {
    expect(await sandbox.stop()).toBe(0);
    expect(readdirSync(dir).filter((name) => name !== 'callora')).toEqual([]);
  });
});

describe('the bill of materials', () => {
  it('names every package with its digest, and what is shipped', () => {
    const bill = JSON.parse(readFileSync(path.join(root, 'dist/sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    const { components }: { components: Component[] } = bill;
    expect(new Set(components.map((each) => each['bom-ref'])).size).toBe(components.length);
    for (const each of components) {
      expect(each).toMatchObject({ name: expect.any(String), version: expect.any(String) });
      expect(each.purl).toMatch(/^pkg:(npm|cargo|generic)\/[^@]+@[^@]+$/);
      for (const { alg, content } of each.hashes ?? []) {
        expect(content).toMatch(/^[0-9a-f]+$/);
        expect(content.length * 4).toBe(Number(alg.slice(4)));
      }
    }
    const shipped = components.filter((each) => each.scope === 'required').map((each) => each.name);
    expect(shipped).toEqual(expect.arrayContaining(['node', 'better-sqlite3', 'preact', 'zod']));
    expect(shipped).not.toContain('vitest');
    expect(components.map((each) => each.purl)).toContain('pkg:cargo/soroban-env-host@27.0.1');
  });
});

type Component = {
  'bom-ref': string;
  name: string;
  version: string;
  purl: string;
  scope?: string;
  hashes?: { alg: string; content: string }[];
};

/** Different files that hold SQLite's code in a process, by inode. */
function sqliteFiles(pid: number | undefined): string[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return [...new Set(lines.filter((line) => /sqlite/.test(line)).map((line) => line.split(/\s+/)[4] ?? ''))];
}

async function secondConfig({ info }: Sandbox): Promise<string> {
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  const file = path.join(info.dataDir, 'second.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './second.db');
  writeFileSync(file, yaml);
  return file;
}

async function serve(program: Program, config: string, ...options: string[]) {
  const { command, args, cwd, env } = program;
  const child = spawn(command, [...args, 'serve', '--config', config, ...options], { cwd, env: env ?? process.env });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    void ended.then((code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { child, ended };
}
