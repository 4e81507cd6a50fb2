import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { coversHost, dateFault, hasChain, readTlsPair, type TlsPair } from '../../src/catalog/tls-pair.ts';
import { makeCertificate } from '../support/certificate.ts';

function read(cert: string, key: string, mode = 0o600) {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = {
    certFile: path.join(folder, 'cert.pem'),
    keyFile: path.join(folder, 'key.pem'),
    minVersion: 'TLSv1.2' as const,
  };
  if (cert !== '') writeFileSync(files.certFile, cert);
  if (key !== '') writeFileSync(files.keyFile, key);
  if (key !== '') chmodSync(files.keyFile, mode);
  return readTlsPair(files);
}

function good(cert: string, key: string, mode?: number): TlsPair {
  const result = read(cert, key, mode);
  if (!result.ok) throw new Error(result.message);
  return result.pair;
}

function messageOf(cert: string, key: string): string {
  const result = read(cert, key);
  return result.ok ? '' : result.message;
}

const day = 86_400_000;
const own = makeCertificate();

describe('a certificate and its key', () => {
  it('are read with what they say', () => {
    const to = new Date('2031-05-06T07:08:09Z');
    const { cert, key } = makeCertificate({ to });
    const pair = good(cert, key);
    expect(pair.expiresAtMs).toBe(to.getTime());
    expect(pair.warnings).toEqual([]);
  });

  it('that do not belong together are told apart from broken ones', () => {
    expect(messageOf(own.cert, makeCertificate().key)).toContain('is not the one of the certificate');
    expect(messageOf('no pem', own.key)).toMatch(/^cert_file names .*holds no certificate in PEM form$/);
    expect(messageOf(own.cert, 'no pem')).toMatch(/^key_file names .*holds no private key in PEM form$/);
    expect(messageOf(own.cert, own.cert)).toMatch(/^key_file .*no private key/);
    expect(messageOf('', own.key)).toMatch(/^cert_file names .*does not exist$/);
    expect(messageOf(own.cert, '')).toMatch(/^key_file names .*does not exist$/);
  });

  it('say so when the key is encrypted', () => {
    const encrypted = createPrivateKey(own.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    expect(messageOf(own.cert, encrypted)).toContain('is encrypted');
  });

  it('whose chain is cut off in the middle are refused', () => {
    const [, second = ''] = makeCertificate().cert.split('\n');
    const broken = `${own.cert}-----BEGIN CERTIFICATE-----\n${second}\n`;
    expect(messageOf(broken, own.key)).toContain('cannot be used');
  });

  it('never put the key into a message', () => {
    const secret = own.key.split('\n')[1] ?? '';
    const broken = own.key.replace('-----BEGIN', '-----BEGAN');
    for (const key of [makeCertificate().key, broken, `${own.key}x`]) {
      expect(messageOf(makeCertificate().cert, key)).not.toContain(secret.slice(0, 16));
    }
  });

  it('warn when everyone may read the key', () => {
    expect(good(own.cert, own.key, 0o644).warnings.join()).toContain('chmod 600');
    expect(good(own.cert, own.key, 0o640).warnings).toEqual([]);
  });
});

describe('the dates of a certificate', () => {
  const from = new Date('2026-01-01T00:00:00Z');

  function faultAfter(lifeDays: number, atDays: number): string | undefined {
    const { cert, key } = makeCertificate({ from, to: new Date(from.getTime() + lifeDays * day) });
    return dateFault(good(cert, key), from.getTime() + atDays * day);
  }

  it('are named when a person has to act, two weeks ahead', () => {
    expect(faultAfter(90, -1)).toBe('is not valid before 2026-01-01T00:00:00Z');
    expect(faultAfter(90, 1)).toBeUndefined();
    expect(faultAfter(90, 75.9)).toBeUndefined();
    expect(faultAfter(90, 76.5)).toBe('expires at 2026-04-01T00:00:00Z, in 13.5 days');
    expect(faultAfter(90, 90)).toBe('expired at 2026-04-01T00:00:00Z');
  });

  it('leave a short life its first two thirds', () => {
    expect(faultAfter(6, 3.9)).toBeUndefined();
    expect(faultAfter(6, 4.1)).toBe('expires at 2026-01-07T00:00:00Z, in 1.9 days');
  });
});

describe('what clients will think of a certificate', () => {
  it('depends on the name they ask for', () => {
    const { cert, key } = makeCertificate({ names: ['api.example.com', '*.b.example.com', '192.0.2.1'] });
    const pair = good(cert, key);
    const covered = ['api.example.com', 'x.b.example.com', '192.0.2.1'].map((host) => coversHost(pair, host));
    expect(covered).toEqual([true, true, true]);
    const others = ['example.com', 'b.example.com', '192.0.2.2', '[::1]'].map((host) => coversHost(pair, host));
    expect(others).toEqual([false, false, false, false]);
  });

  it('depends on the chain in the file', () => {
    const root = { ...makeCertificate({ name: 'root', isAuthority: true }), name: 'root' };
    const leaf = makeCertificate({ issuer: root });
    expect(hasChain(good(leaf.cert, leaf.key))).toBe(false);
    expect(hasChain(good(leaf.cert + root.cert, leaf.key))).toBe(true);
    expect(hasChain(good(own.cert, own.key))).toBe(true);
  });
});
