import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** What operators take from the repository besides the program. */

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('compose.yaml', () => {
  const { callora } = parse(read('compose.yaml')).services;

  it('shows consumers the gateway, and nobody the operator’s listener', () => {
    expect(callora.ports).toEqual(['127.0.0.1:8402:8402']);
    expect(callora.environment).toBeUndefined();
  });

  it('gives the container no right that it can do without', () => {
    expect(callora).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(callora.volumes).toEqual(['callora:/data']);
  });
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');

  it('names both listeners, and opens the operator’s to the container alone', () => {
    const variables = lines.filter((line) => line.startsWith('ENV ')).join(' ');
    expect(variables).toContain('CALLORA_LISTEN=0.0.0.0:8402');
    expect(variables).toContain('CALLORA_ADMIN_LISTEN=127.0.0.1:8403');
    expect(lines.filter((line) => line.startsWith('EXPOSE'))).toEqual(['EXPOSE 8402']);
  });

  it('runs for a user without rights, and is asked for its health', () => {
    expect(lines).toContain('USER 65532:65532');
    expect(lines.some((line) => line.startsWith('HEALTHCHECK') && line.includes('"health"'))).toBe(true);
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the systemd unit', () => {
  it.runIf(hasSystemd)('is understood by systemd, and exposes little', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'callora-unit-'));
    try {
      const unit = path.join(dir, 'callora.service');
      // The binary need not be installed where the test runs.
      writeFileSync(unit, read('packaging/callora.service').replaceAll('/usr/local/bin/callora', '/bin/true'));
      const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect(verified.stderr.split('\n').filter((line) => line.includes('callora.service'))).toEqual([]);
      const args = ['security', '--offline=true', '--threshold=20', unit];
      const judged = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
      expect(judged.stdout).toContain('Overall exposure level');
      expect(judged.status).toBe(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('the list of crates and their licences', () => {
  it('is of the crates the lockfile pins', () => {
    const lock = read('contracts/Cargo.lock');
    const named = [...read('contracts/THIRD-PARTY.txt').matchAll(/^([a-z0-9_-]+) (\d\S*) \([^)]*\)$/gim)];
    expect(named.length).toBeGreaterThan(100);
    for (const [, name, version] of named) expect(lock).toContain(`name = "${name}"\nversion = "${version}"\n`);
    expect(named.map(([, name]) => name)).toContain('soroban-env-host');
  });
});
