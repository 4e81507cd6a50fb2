import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { version } from '../../src/version.ts';
import { callora as launch } from '../support/callora-process.ts';
import { createCliRig, temporaryDir } from './rig.ts';

describe('the command line', () => {
  it('says its version and that of Node', async () => {
    const { callora } = createCliRig();
    const ran = await callora('--version');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(`callora ${version}\nNode ${process.version}\n`);
  });

  it('lists every command', async () => {
    const { callora } = createCliRig();
    const { out, code } = await callora('--help');
    expect(code).toBe(0);
    for (const name of [
      'init',
      'check',
      'serve',
      'sandbox',
      'devnet',
      'vault',
      'token',
      'account',
      'usage',
      'settle',
      'reconcile',
      'login',
      'deposit',
      'balance',
      'limit',
      'withdraw',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
  });

  it.each([
    [['nosuch'], 'unknown command'],
    [['toString'], 'unknown command'],
    [['account', 'show'], 'missing required argument'],
    [['token', 'issue', '--nosuch'], 'unknown option'],
    [['usage', 'list'], 'give --account ADDRESS or --doubtful'],
    [['token', 'issue', '--ttl', 'soon'], 'is no duration'],
    [['account', 'list', '--limit', '0'], '--limit 0'],
    [['settle', 'show', '0', 'x'], 'batch must be a whole number'],
    [['deposit', '1e3', '--key', 'k'], 'is no amount'],
    [['deposit', '0', '--key', 'k'], 'is no amount'],
    [['balance'], 'no gateway is known yet'],
    [['balance', '--gateway', 'ftp://x'], 'is no URL'],
  ])('refuses %o as wrong usage', async (args, text) => {
    const { callora } = createCliRig();
    const ran = await callora(...args);
    expect(ran.note).toContain(text);
    expect(ran).toMatchObject({ code: 2, out: '' });
  });

  it('names the file and the line of a wrong config, with code 3', async () => {
    const { callora } = createCliRig();
    const ran = await callora('account', 'list', '--config', `${temporaryDir()}/none.yaml`);
    expect(ran).toMatchObject({ code: 3, out: '' });
    expect(ran.note).toMatch(/none\.yaml: does not exist.*\n {2}.*--config/);
  });
});

describe('a key file that is not there', () => {
  it('is named by the option that leads to it', async () => {
    const { callora } = createCliRig();
    const dir = temporaryDir();
    await callora('init', '--dir', dir);
    const file = `${dir}/none.seed`;
    const login = await callora('login', '--gateway', 'http://127.0.0.1:8402', '--key', file);
    const deploy = await callora('vault', 'deploy', '--config', `${dir}/config.yaml`, '--admin-key', file);
    expect(login).toMatchObject({ code: 3, note: expect.stringContaining(`--key names ${file}`) });
    expect(deploy).toMatchObject({ code: 3, note: expect.stringContaining(`--admin-key names ${file}`) });
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8');

  it('has the exit codes of the program', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map((row) => [row[2], Number(row[1])]);
    expect(Object.fromEntries(rows)).toEqual(exitCodes);
  });
});

describe('the launcher', () => {
  it('runs the program on this Node and hands on its exit code', async () => {
    const ran = await launch(['account', 'list', '--config', '/nonexistent/config.yaml']);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
  });
});
