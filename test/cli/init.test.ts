import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alice } from '../admin/rig.ts';
import { makeCertificate } from '../support/certificate.ts';
import { createCliRig, temporaryDir } from './rig.ts';

const secrets = ['admin.token', 'deposit.seed', 'identity.seed', 'operator.seed', 'tokens.jwks', 'vault-admin.seed'];

describe('init', () => {
  it('makes a set-up that passes the offline check as it stands', async () => {
    const dir = temporaryDir();
    const { callora } = createCliRig();
    expect((await callora('init', '--dir', dir, '--payee', alice)).code).toBe(0);
    const checked = await callora('check', '--offline', '--json', '--config', path.join(dir, 'config.yaml'));
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.out).ok).toBe(true);
    expect(readFileSync(path.join(dir, 'config.yaml'), 'utf8')).toContain(`payee: ${alice}`);
  });

  it('keeps secrets to their owner, and says none of them', async () => {
    const dir = temporaryDir();
    const { callora } = createCliRig();
    const { out } = await callora('init', '--dir', dir);
    expect(readdirSync(path.join(dir, 'secrets')).sort()).toEqual(secrets);
    for (const name of secrets) {
      const file = path.join(dir, 'secrets', name);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(out).not.toContain(readFileSync(file, 'utf8').trim());
    }
  });

  it.each(['config.yaml', 'secrets/operator.seed'])('overwrites nothing when %s is there', async (name) => {
    const dir = temporaryDir();
    const { callora } = createCliRig();
    await callora('init', '--dir', dir);
    const before = Object.fromEntries(
      secrets.map((secret) => [secret, readFileSync(path.join(dir, 'secrets', secret))]),
    );
    writeFileSync(path.join(dir, name), 'mine');
    const again = await callora('init', '--dir', dir);
    expect(again).toMatchObject({ code: 5, out: '' });
    expect(again.note).toContain('already holds');
    expect(readFileSync(path.join(dir, name), 'utf8')).toBe('mine');
    expect(readFileSync(path.join(dir, 'secrets/tokens.jwks'))).toEqual(before['tokens.jwks']);
  });

  it('makes other keys each time', async () => {
    const { callora } = createCliRig();
    const seeds = await Promise.all(
      [temporaryDir(), temporaryDir()].map(async (dir) => {
        await callora('init', '--dir', dir);
        return readFileSync(path.join(dir, 'secrets/operator.seed'), 'utf8');
      }),
    );
    expect(seeds[0]).not.toBe(seeds[1]);
  });
});

describe('check', () => {
  it('fails with every problem of the config file', async () => {
    const dir = temporaryDir();
    const { callora } = createCliRig();
    await callora('init', '--dir', dir);
    const file = path.join(dir, 'config.yaml');
    const broken = readFileSync(file, 'utf8').replace('price: "0.001"', 'price: 0.001').replace('mount:', 'mont:');
    writeFileSync(file, broken);
    const ran = await callora('check', '--offline', '--config', file);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/FAIL.*price/);
    expect(ran.out).toMatch(/FAIL.*mont/);
  });

  it('tells what clients will make of the TLS certificate', async () => {
    const dir = temporaryDir();
    const { cli, callora } = createCliRig();
    await callora('init', '--dir', dir);
    const file = path.join(dir, 'config.yaml');
    const tls = '  public_url: https://api.test\n  tls: { cert_file: ./cert.pem, key_file: ./key.pem }';
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *# public_url: https:.*$/m, tls));
    const now = cli.clock.nowMs();
    const findings = async (names: string[], days: number, key?: string, mode = 0o600) => {
      const made = makeCertificate({ names, from: new Date(now - 9e9), to: new Date(now + days * 864e5) });
      writeFileSync(path.join(dir, 'cert.pem'), made.cert);
      writeFileSync(path.join(dir, 'key.pem'), key ?? made.key);
      chmodSync(path.join(dir, 'key.pem'), mode);
      const { out } = await callora('check', '--offline', '--json', '--config', file);
      const all: { check: string; state: string; detail: string }[] = JSON.parse(out).findings;
      return all.filter(({ check }) => check === 'TLS').map(({ state, detail }) => `${state}: ${detail}`);
    };
    expect(await findings(['api.test'], 80)).toEqual([expect.stringMatching(/^ok: DNS:api\.test, until 20/)]);
    expect(await findings(['other.test'], 80)).toEqual([
      'fail: the certificate is for DNS:other.test, and consumers ask for api.test',
    ]);
    expect(await findings(['api.test'], 3)).toEqual([
      expect.stringMatching(/^warn: the certificate expires at .*3\.0 days/),
    ]);
    expect(await findings(['api.test'], -3)).toEqual([expect.stringMatching(/^fail: the certificate expired at/)]);
    expect(await findings(['api.test'], 80, makeCertificate().key)).toEqual([
      expect.stringMatching(/^fail: the key in .* is not the one of the certificate/),
    ]);
    expect(await findings(['api.test'], 80, undefined, 0o644)).toEqual([expect.stringMatching(/^warn: .*chmod 600/)]);
  });

  it('fails for a public URL that would send tokens in the open, and for a key file without keys', async () => {
    const dir = temporaryDir();
    const { callora } = createCliRig();
    await callora('init', '--dir', dir);
    const file = path.join(dir, 'config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('# public_url: https://', 'public_url: http://'));
    writeFileSync(path.join(dir, 'secrets/tokens.jwks'), '{"keys":[]}');
    const ran = await callora('check', '--offline', '--json', '--config', file);
    expect(ran.code).toBe(1);
    const findings: { check: string; state: string }[] = JSON.parse(ran.out).findings;
    const failed = findings.filter((finding) => finding.state === 'fail').map((finding) => finding.check);
    expect(failed.sort()).toEqual(['public URL', 'token keys']);
  });
});
