import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type CryptoKey, calculateJwkThumbprint, importJWK } from 'jose';

/** An Ed25519 key of the gateway. `kid` is the RFC 7638 thumbprint, so two keys never share one by accident. */
export type TokenKey = { kid: string; x: string; privateKey: CryptoKey; publicKey: CryptoKey };

export type TokenKeys = {
  /** The first key of the file signs; all of them verify. */
  signing: TokenKey;
  byKid: ReadonlyMap<string, TokenKey>;
};

export type LoadedKeys = { ok: true; keys: TokenKeys; warnings: string[] } | { ok: false; message: string };

export type PublicJwks = { keys: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; alg: 'EdDSA'; use: 'sig' }[] };

type PrivateJwk = { kty: 'OKP'; crv: 'Ed25519'; x: string; d: string; kid?: string };

/** More than this many keys is a rotation that nobody ended. */
const keysMax = 16;

/** A JWKS of `keysMax` private keys has about 4 KiB. */
const fileBytesMax = 65_536;

/** Reads the JWKS file of private keys. Messages name the file and the key's position, never key material. */
export async function loadTokenKeys(file: string): Promise<LoadedKeys> {
  const read = readKeysFile(file);
  if (!read.ok) return read;
  const keys: TokenKey[] = [];
  for (const [position, jwk] of read.jwks.entries()) {
    const key = await importKey(jwk);
    if (typeof key === 'string') return { ok: false, message: `${file}: key ${position + 1} ${key}` };
    if (keys.some((other) => other.kid === key.kid)) {
      return { ok: false, message: `${file}: key ${position + 1} stands there twice` };
    }
    keys.push(key);
  }
  const signing = keys[0];
  if (!signing) return { ok: false, message: `${file} holds no keys` };
  return {
    ok: true,
    keys: { signing, byKid: new Map(keys.map((key) => [key.kid, key])) },
    warnings: read.shared ? [`${file} can be read by others on this machine: chmod 600 it`] : [],
  };
}

/** Writes a new file with one fresh key, mode 0600. Fails when the file exists: keys are never overwritten. */
export async function createTokenKeys(file: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeKeys(file, 'wx', [await generateKey()]);
}

/**
 * Puts a fresh key in front, so that it signs from the next start on. The older ones still verify until their tokens
 * have ended, unless `dropOld` says that they must not (a leak, or a database restored without its revocations).
 */
export async function rotateTokenKeys(file: string, { dropOld }: { dropOld: boolean }): Promise<void> {
  const read = readKeysFile(file);
  if (!read.ok) throw new Error(read.message);
  const old = dropOld ? [] : read.jwks.slice(0, keysMax - 1);
  // A reader sees the old file or the new one, whole.
  const next = `${file}.next`;
  writeKeys(next, 'w', [await generateKey(), ...old]);
  renameSync(next, file);
}

/** The public half for `/.well-known/jwks.json`. */
export function jwks(keys: TokenKeys): PublicJwks {
  const list = [...keys.byKid.values()];
  return { keys: list.map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' })) };
}

function readKeysFile(file: string): { ok: true; jwks: unknown[]; shared: boolean } | { ok: false; message: string } {
  try {
    const stat = statSync(file);
    if (stat.size > fileBytesMax) return { ok: false, message: `${file} is too large for a JWKS` };
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const list = isRecord(content) ? content.keys : undefined;
    if (!Array.isArray(list)) return { ok: false, message: `${file} is no JWKS: it has no list of keys` };
    if (list.length > keysMax) return { ok: false, message: `${file} holds more than ${keysMax} keys` };
    return { ok: true, jwks: list, shared: process.platform !== 'win32' && (stat.mode & 0o077) !== 0 };
  } catch (error) {
    // A parser's message quotes the text it failed on, so it stays out.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not JSON';
    return { ok: false, message: code === 'ENOENT' ? `${file} does not exist` : `${file} cannot be read (${code})` };
  }
}

/** A text says what is wrong with the key. */
async function importKey(jwk: unknown): Promise<TokenKey | string> {
  if (!isPrivateJwk(jwk)) return 'is no private Ed25519 key';
  const { kty, crv, x, d } = jwk;
  try {
    // A public half that does not belong to the private one would publish a key that verifies nothing.
    const derived = createPublicKey(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' })).export({
      format: 'jwk',
    });
    if (derived.x !== x) return 'has a public half that does not belong to its private half';
    const kid = await calculateJwkThumbprint({ kty, crv, x });
    if (jwk.kid !== undefined && jwk.kid !== kid) return 'has a kid that is not its RFC 7638 thumbprint';
    const [privateKey, publicKey] = await Promise.all([
      importJWK({ kty, crv, x, d }, 'EdDSA'),
      importJWK({ kty, crv, x }, 'EdDSA'),
    ]);
    if (privateKey instanceof Uint8Array || publicKey instanceof Uint8Array) return 'is no private Ed25519 key';
    return { kid, x, privateKey, publicKey };
  } catch {
    return 'is no usable Ed25519 key';
  }
}

async function generateKey(): Promise<PrivateJwk> {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new Error('the platform exports no Ed25519 keys');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x, d } as const;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) };
}

function writeKeys(file: string, flag: 'w' | 'wx', keys: unknown[]): void {
  const descriptor = openSync(file, flag, 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify({ keys }, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isPrivateJwk(value: unknown): value is PrivateJwk {
  if (!isRecord(value)) return false;
  const { kty, crv, x, d, kid, alg, use } = value;
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string' || typeof d !== 'string') return false;
  if (kid !== undefined && typeof kid !== 'string') return false;
  return (alg === undefined || alg === 'EdDSA' || alg === 'Ed25519') && (use === undefined || use === 'sig');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
