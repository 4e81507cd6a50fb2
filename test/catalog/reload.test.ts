import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ConfigDiff } from '../../src/catalog/diff.ts';
import { loadConfig } from '../../src/catalog/load.ts';
import type { Config } from '../../src/catalog/model.ts';
import { createCatalogReloader } from '../../src/catalog/reload.ts';
import type { Problem } from '../../src/catalog/source.ts';
import { fakeClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { catalogFolder, withApi, writeSecret } from './folder.ts';

const cheap = withApi('price: "1"');
const dear = withApi('price: "2"');
const broken = withApi('price: 2');

function priceOf(config: Config): bigint | undefined {
  return config.apis[0]?.routes[0]?.priceUnits;
}

function build(yaml: string, prepare?: (folder: string) => string, pollMs = 1_000) {
  const { folder, file: plain } = catalogFolder(yaml);
  const file = prepare?.(folder) ?? plain;
  const loaded = loadConfig({ file, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const clock = fakeClock();
  const lines: string[] = [];
  const changes: { config: Config; diff: ConfigDiff }[] = [];
  const refusals: Problem[][] = [];
  const reloader = createCatalogReloader({
    file,
    env: {},
    current: loaded.config,
    onChange: (config, diff) => changes.push({ config, diff }),
    onRefused: (problems) => refusals.push(problems),
    log: createLog('info', { write: (line) => void lines.push(line) }),
    clock,
    debounceMs: 100,
    pollMs,
  });
  onTestFinished(() => reloader.stop());
  return { folder, file, clock, lines, changes, refusals, reloader };
}

/** Lets the loop run while time passes, until it has looked at the file again and again. */
async function pass(clock: ReturnType<typeof fakeClock>): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
}

describe('a reload', () => {
  it('applies new prices and says what changed', () => {
    const { file, changes, reloader } = build(cheap);
    writeFileSync(file, dear);
    expect(reloader.reload()).toEqual({ kind: 'applied', diff: { applied: ['apis.weather'], restartNeeded: [] } });
    expect(changes.map(({ config }) => priceOf(config))).toEqual([20_000_000n]);
    expect(priceOf(reloader.current())).toBe(20_000_000n);
    expect(reloader.reload()).toEqual({ kind: 'unchanged' });
  });

  it('keeps the old catalog when the file is bad, and says so', () => {
    const { file, changes, refusals, lines, reloader } = build(cheap);
    writeFileSync(file, broken);
    expect(reloader.reload().kind).toBe('refused');
    expect(changes).toEqual([]);
    expect(refusals[0]?.[0]?.field).toBe('apis[0].price');
    expect(priceOf(reloader.current())).toBe(10_000_000n);
    expect(lines.join('')).toContain('the old one stays in force');
    rmSync(file);
    expect(reloader.reload().kind).toBe('refused');
  });

  it('names what needs a restart and leaves it as it runs', () => {
    const { file, lines, reloader } = build(cheap);
    writeFileSync(
      file,
      `storage: { path: ./other.db }\ngateway: { listen: 127.0.0.1:9, limits: { tls_handshake_timeout: 3s, head_timeout: 3s } }\n${dear}`,
    );
    const before = reloader.current();
    expect(reloader.reload()).toMatchObject({ kind: 'applied' });
    expect(reloader.current().storage).toEqual(before.storage);
    expect(reloader.current().gateway.listen).toEqual(before.gateway.listen);
    expect(reloader.current().gateway.limits).toEqual({ ...before.gateway.limits, headTimeoutMs: 3_000 });
    expect(reloader.current().gateway.publicUrl).toBe(before.gateway.publicUrl);
    expect(lines.join('')).toContain('restart needed: storage.path');
    expect(lines.join('')).toContain('restart needed: gateway.listen');
    expect(lines.join('')).toContain('restart needed: gateway.limits.tls_handshake_timeout');
  });

  it('never writes a secret to the log', () => {
    const { folder, lines, reloader } = build(cheap);
    writeSecret(folder, 'admin.token', 'another-token-nobody-guesses');
    expect(reloader.reload()).toEqual({ kind: 'unchanged' });
    expect(lines.join('')).toContain('restart needed: admin.token');
    expect(lines.join('')).not.toContain('nobody-guesses');
  });
});

describe('the watch', () => {
  it('applies a file that is written in place', async () => {
    const { file, clock, changes, reloader } = build(cheap);
    reloader.start();
    writeFileSync(file, dear);
    await pass(clock);
    expect(changes.map(({ config }) => priceOf(config))).toEqual([20_000_000n]);
  });

  it('applies a file that is renamed into place, again and again', async () => {
    const { file, clock, changes, reloader } = build(cheap);
    reloader.start();
    for (const text of [dear, cheap, dear]) {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      await pass(clock);
    }
    expect(changes.map(({ config }) => priceOf(config))).toEqual([20_000_000n, 10_000_000n, 20_000_000n]);
  });

  it('applies a catalog behind a symlink that is swapped, as mounted configuration does', async () => {
    const { folder, clock, changes, refusals, reloader } = build(cheap, (root) => {
      const sections = 'tokens: { keys_file: ../secrets/tokens.jwks }';
      for (const [name, yaml] of Object.entries({ v1: cheap, v2: dear })) {
        mkdirSync(path.join(root, name));
        const text = `${sections}\n${yaml.replaceAll('./secrets', '../secrets')}`;
        writeFileSync(path.join(root, name, 'callora.yaml'), text);
      }
      mkdirSync(path.join(root, 'mounted'));
      symlinkSync('../v1', path.join(root, 'mounted', 'data'));
      symlinkSync('data/callora.yaml', path.join(root, 'mounted', 'callora.yaml'));
      return path.join(root, 'mounted', 'callora.yaml');
    });
    reloader.start();
    symlinkSync('../v2', path.join(folder, 'mounted', 'data.new'));
    renameSync(path.join(folder, 'mounted', 'data.new'), path.join(folder, 'mounted', 'data'));
    await pass(clock);
    expect(refusals).toEqual([]);
    expect(changes.map(({ config }) => priceOf(config))).toEqual([20_000_000n]);
  });

  it('does not wait for the interval when the system announces the change', async () => {
    const { file, clock, changes, reloader } = build(cheap, undefined, 1_000_000_000);
    reloader.start();
    writeFileSync(file, dear);
    await vi.waitFor(() => {
      clock.advance(100);
      expect(changes).toHaveLength(1);
    });
  });

  it('is not kept busy by a neighbour in the folder that changes all the time', async () => {
    const { folder, file, clock, changes, reloader } = build(cheap, undefined, 1_000_000_000);
    const sleeps = vi.spyOn(clock, 'sleep');
    reloader.start();
    for (let round = 1; round <= 3; round++) {
      writeFileSync(path.join(folder, 'callora.db-wal'), 'a row');
      // The interval, the pause behind the first announcement, and nothing behind all others.
      await vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(2 * round));
      for (let row = 0; row < 50; row++) {
        writeFileSync(path.join(folder, 'callora.db-wal'), `row ${row}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sleeps).toHaveBeenCalledTimes(2 * round);
      clock.advance(100);
      await vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(2 * round + 1));
    }
    writeFileSync(file, dear);
    await vi.waitFor(() => {
      clock.advance(100);
      expect(changes).toHaveLength(1);
    });
  });

  it('goes on when taking a catalog over has failed', async () => {
    const { file, clock, changes, lines, reloader } = build(cheap);
    Object.defineProperty(changes, 'push', {
      configurable: true,
      value: () => {
        throw new Error('no room');
      },
    });
    reloader.start();
    writeFileSync(file, dear);
    await pass(clock);
    expect(lines.join('')).toContain('no room');
    Reflect.deleteProperty(changes, 'push');
    writeFileSync(file, cheap);
    await pass(clock);
    expect(changes).toHaveLength(1);
  });

  it('says once that a file is gone or bad, and applies it when it is back', async () => {
    const { file, clock, changes, refusals, reloader } = build(cheap);
    reloader.start();
    unlinkSync(file);
    await pass(clock);
    expect(refusals).toHaveLength(1);
    writeFileSync(file, dear);
    await pass(clock);
    expect(changes).toHaveLength(1);
    expect(refusals).toHaveLength(1);
  });

  it('waits until the file has been still for the debounce', async () => {
    const { file, clock, changes, refusals, reloader } = build(cheap);
    reloader.start();
    writeFileSync(file, broken.slice(0, 40));
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(99);
      writeFileSync(file, `${broken}${'#'.repeat(turn)}`);
    }
    writeFileSync(file, dear);
    await pass(clock);
    expect(refusals).toEqual([]);
    expect(changes).toHaveLength(1);
  });

  it('ends at once when it is stopped', async () => {
    const { reloader, file, changes } = build(cheap);
    reloader.start();
    await reloader.stop();
    writeFileSync(file, dear);
    expect(changes).toEqual([]);
  });
});
