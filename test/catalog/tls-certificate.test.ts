import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTlsCertificate } from '../../src/catalog/tls-certificate.ts';
import { fakeClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-27T00:00:00Z');

function valid(days: number): Certificate {
  return makeCertificate({ from: new Date(start - 60 * day), to: new Date(start + days * day) });
}

const first = valid(50);
const second = valid(80);

function write(folder: string, { cert, key }: Certificate): void {
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  writeFileSync(path.join(folder, 'key.pem'), key, { mode: 0o600 });
}

function build(initial: Certificate, inFolder = '.') {
  const root = mkdtempSync(path.join(tmpdir(), 'callora-tls-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = path.join(root, inFolder);
  if (inFolder === '.') write(root, initial);
  else {
    mkdirSync(path.join(root, 'v1'));
    write(path.join(root, 'v1'), initial);
    symlinkSync('v1', folder);
  }
  const clock = fakeClock(start);
  const lines: string[] = [];
  const contexts: unknown[] = [];
  const certificate = openTlsCertificate({
    files: { certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem'), minVersion: 'TLSv1.2' },
    log: createLog('info', { write: (line) => void lines.push(line) }),
    clock,
    debounceMs: 100,
    pollMs: 1_000,
  });
  certificate.onChange((context) => contexts.push(context.cert));
  onTestFinished(() => certificate.stop());
  return { root, clock, certificate, contexts, said: () => lines.join('') };
}

async function pass(clock: ReturnType<typeof fakeClock>): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
}

describe('a certificate that is renewed', () => {
  it('is taken over when it is asked for, once', () => {
    const { root, certificate, contexts } = build(first);
    expect(certificate.reload()).toBe('unchanged');
    write(root, second);
    expect(certificate.reload()).toBe('applied');
    expect(certificate.reload()).toBe('unchanged');
    expect(contexts).toEqual([second.cert]);
    expect(certificate.context().cert).toBe(second.cert);
    expect(certificate.expiresAtMs()).toBe(start + 80 * day);
  });

  it('is taken over when its files are renamed into place', async () => {
    const { root, clock, certificate, contexts } = build(first);
    certificate.start();
    for (const pair of [second, first]) {
      mkdirSync(path.join(root, 'new'), { recursive: true });
      write(path.join(root, 'new'), pair);
      for (const file of ['cert.pem', 'key.pem']) renameSync(path.join(root, 'new', file), path.join(root, file));
      await pass(clock);
    }
    expect(contexts).toEqual([second.cert, first.cert]);
  });

  it('is taken over when the folder behind a symlink is swapped', async () => {
    const { root, clock, certificate, contexts } = build(first, 'live');
    certificate.start();
    mkdirSync(path.join(root, 'v2'));
    write(path.join(root, 'v2'), second);
    symlinkSync('v2', path.join(root, 'live.new'));
    renameSync(path.join(root, 'live.new'), path.join(root, 'live'));
    await pass(clock);
    expect(contexts).toEqual([second.cert]);
  });

  it('is taken over as soon as the second file fits the first', async () => {
    const { root, clock, certificate, contexts, said } = build(first);
    certificate.start();
    writeFileSync(path.join(root, 'cert.pem'), second.cert);
    await pass(clock);
    expect([contexts, said().includes('the old one stays in force')]).toEqual([[], true]);
    writeFileSync(path.join(root, 'key.pem'), second.key);
    await pass(clock);
    expect(contexts).toEqual([second.cert]);
  });
});

describe('a pair that cannot serve', () => {
  it('leaves the old one in force, and the log says why without the key', () => {
    const { root, certificate, contexts, said } = build(first);
    writeFileSync(path.join(root, 'key.pem'), second.key);
    expect(certificate.reload()).toBe('refused');
    unlinkSync(path.join(root, 'cert.pem'));
    expect(certificate.reload()).toBe('refused');
    expect([contexts, certificate.context().key]).toEqual([[], first.key]);
    expect(said()).toContain('is not the one of the certificate');
    expect(said()).toContain('does not exist');
    for (const { key } of [first, second]) expect(said()).not.toContain(key.split('\n')[1]);
  });

  it('includes one that has expired while the old one is still good', () => {
    const { root, certificate, said } = build(first);
    write(root, valid(-1));
    expect(certificate.reload()).toBe('refused');
    expect(said()).toContain('expired at 2026-11-26T00:00:00Z');
  });

  it('keeps a gateway from starting', () => {
    expect(() => build({ cert: first.cert, key: second.key })).toThrow(/^gateway\.tls: the key in .* is not the one/);
  });
});

describe('a certificate that is about to expire', () => {
  it('is named in the log once a day, also while nothing changes', async () => {
    const { clock, certificate, said } = build(valid(15));
    certificate.start();
    const warnings = () => said().split('the TLS certificate expire').length - 1;
    expect(warnings()).toBe(0);
    clock.advance(2 * day);
    await pass(clock);
    await pass(clock);
    expect(warnings()).toBe(1);
    clock.advance(day);
    await pass(clock);
    expect(warnings()).toBe(2);
  });
});
