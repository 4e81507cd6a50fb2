import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTokenKeys, jwks, loadTokenKeys, rotateTokenKeys } from '../../src/access/keys.ts';
import { temporaryFolder } from './fixture.ts';

let home: ReturnType<typeof temporaryFolder>;
let file: string;

beforeEach(() => {
  home = temporaryFolder();
  file = path.join(home.folder, 'secrets', 'tokens.jwks');
});

afterEach(() => home.remove());

async function load() {
  const loaded = await loadTokenKeys(file);
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded;
}

it('a new file has one key, mode 0600, and is never written over', async () => {
  await createTokenKeys(file);
  const text = readFileSync(file, 'utf8');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(createTokenKeys(file)).rejects.toThrow('EEXIST');
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect((await load()).keys.byKid.size).toBe(1);
});

it('the kid is the RFC 7638 thumbprint, and the public set holds no private half', async () => {
  await createTokenKeys(file);
  const { keys } = await load();
  const [published] = jwks(keys).keys;
  expect(published).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: keys.signing.x,
    kid: keys.signing.kid,
    alg: 'EdDSA',
    use: 'sig',
  });
  expect(await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: keys.signing.x })).toBe(keys.signing.kid);
  expect(JSON.stringify(jwks(keys))).not.toContain(JSON.parse(readFileSync(file, 'utf8')).keys[0].d);
});

it('a rotation signs with a new key and still verifies with the old one, unless it must not', async () => {
  await createTokenKeys(file);
  const first = (await load()).keys.signing.kid;
  await rotateTokenKeys(file, { dropOld: false });
  const rotated = (await load()).keys;
  expect(rotated.signing.kid).not.toBe(first);
  expect([...rotated.byKid.keys()]).toEqual([rotated.signing.kid, first]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await rotateTokenKeys(file, { dropOld: true });
  expect((await load()).keys.byKid.size).toBe(1);
  expect((await load()).keys.byKid.has(first)).toBe(false);
});

it('a file that others can read is warned about', async () => {
  await createTokenKeys(file);
  expect((await load()).warnings).toEqual([]);
  chmodSync(file, 0o644);
  expect((await load()).warnings[0]).toContain('chmod 600');
});

it('a file that holds anything but good Ed25519 keys is refused, and no key material is shown', async () => {
  await createTokenKeys(file);
  const [good] = JSON.parse(readFileSync(file, 'utf8')).keys;
  const other = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const { kid: _, ...plain } = good;
  const messageOf = async (content: unknown) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    const loaded = await loadTokenKeys(file);
    const message = loaded.ok ? 'accepted' : loaded.message;
    expect(message).not.toContain(good.d);
    return message;
  };
  expect(await messageOf({ keys: [plain] })).toBe('accepted');
  expect(await messageOf('not json')).toContain('cannot be read');
  expect(await messageOf(`{"keys":[{"d":"${good.d}"`)).toContain('cannot be read');
  expect(await messageOf([])).toContain('no list of keys');
  expect(await messageOf({ keys: [] })).toContain('no keys');
  expect(await messageOf({ keys: [good, plain] })).toContain('stands there twice');
  expect(await messageOf({ keys: Array.from({ length: 17 }, () => good) })).toContain('more than 16');
  expect(await messageOf({ keys: [{ ...good, kid: 'mine' }] })).toContain('thumbprint');
  expect(await messageOf({ keys: [{ ...plain, x: other.x }] })).toContain('does not belong');
  expect(await messageOf({ keys: [{ ...plain, d: undefined }] })).toContain('no private Ed25519 key');
  expect(await messageOf({ keys: [{ ...plain, d: 'AAAA' }] })).toContain('no usable');
  expect(await messageOf({ keys: [{ ...plain, alg: 'none' }] })).toContain('no private Ed25519 key');
  expect(await messageOf({ keys: [{ ...plain, use: 'enc' }] })).toContain('no private Ed25519 key');
  expect(await messageOf({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })).toContain('no private Ed25519 key');
  expect(await messageOf({ keys: [null, 1, 'x'] })).toContain('key 1');
  expect(await messageOf(`{"keys":[]}${' '.repeat(70_000)}`)).toContain('too large');
});

it('a file that does not exist is named', async () => {
  expect(await loadTokenKeys(file)).toEqual({ ok: false, message: `${file} does not exist` });
});
