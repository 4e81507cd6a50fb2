import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCliRig, temporaryDir } from './rig.ts';

/** A set-up as `callora init` makes it, with the operator's listener where `lines` put it. */
async function setUp(...lines: string[]) {
  const rig = createCliRig();
  const dir = path.join(temporaryDir(), 'shop');
  await rig.callora('init', '--dir', dir);
  const file = path.join(dir, 'config.yaml');
  const yaml = readFileSync(file, 'utf8');
  expect(yaml).toContain('  listen: 127.0.0.1:8403');
  writeFileSync(file, yaml.replace('  listen: 127.0.0.1:8403', lines.map((line) => `  ${line}`).join('\n')));
  return { file, ...rig };
}

describe('an operator’s listener that other machines reach', () => {
  it('keeps the gateway from starting until the config says that it is meant', async () => {
    const { callora, file } = await setUp('listen: 0.0.0.0:8403');
    const ran = await callora('serve', '--config', file);
    expect(ran.note).toMatch(/admin\.listen is 0\.0\.0\.0:8403, .* insecure_listen: true/s);
    expect(ran.note).not.toContain('a gateway was started');
  });

  it('is told of at each start, and by check, once it is meant', async () => {
    const { callora, file } = await setUp('listen: 0.0.0.0:8403', 'insecure_listen: true');
    const ran = await callora('serve', '--config', file);
    expect(ran.note).toMatch(/warning: other machines reach the operator’s listener on 0\.0\.0\.0:8403/);
    expect(ran.note).toContain('a gateway was started');
    const checked = await callora('check', '--offline', '--config', file);
    expect(checked.out).toMatch(/warn +operator listener +other machines reach/);
    expect((await callora('account', 'list', '--config', file)).note).not.toContain('other machines');
  });

  it('is no matter where it never leaves the machine', async () => {
    const { callora, file } = await setUp('listen: "[::1]:8403"', 'insecure_listen: true');
    expect((await callora('serve', '--config', file)).note).not.toContain('other machines');
    expect((await callora('check', '--offline', '--config', file)).out).not.toContain('operator listener');
  });
});
