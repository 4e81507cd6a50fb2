import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CryptoKey, SignJWT } from 'jose';
import { issueToken, type TokenRequest } from '../../src/access/issue.ts';
import { createTokenKeys, loadTokenKeys, type TokenKeys } from '../../src/access/keys.ts';
import { createVerifier, type VerifierOptions } from '../../src/access/verify.ts';
import { fakeClock } from '../../src/clock.ts';

export const account = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
export const contract = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
export const issuer = 'https://api.example';
export const audience = 'https://api.example';

export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-access-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function freshKeys(): Promise<TokenKeys> {
  const { folder, remove } = temporaryFolder();
  try {
    const file = path.join(folder, 'tokens.jwks');
    await createTokenKeys(file);
    const loaded = await loadTokenKeys(file);
    if (!loaded.ok) throw new Error(loaded.message);
    return loaded.keys;
  } finally {
    remove();
  }
}

/** A gateway's token side with a clock that stands still. */
export async function tokenSide(overrides: Partial<VerifierOptions> = {}) {
  const keys = await freshKeys();
  const clock = fakeClock();
  const revoked = new Set<string>();
  const options: VerifierOptions = {
    keys,
    issuer,
    audience,
    clock,
    isRevoked: (jti) => revoked.has(jti),
    tokenBytesMax: 8_192,
    verificationsMax: 8,
    ...overrides,
  };
  const issue = (request: Partial<TokenRequest> = {}) =>
    issueToken({ keys, clock, issuer, audience }, { account, scope: '*', ttlMs: 60_000, ...request });
  return { keys, clock, revoked, issue, verifier: createVerifier(options) };
}

/** The claims of a good token at this time, to break one at a time. */
export function goodClaims(nowMs: number): Record<string, unknown> {
  const iat = Math.floor(nowMs / 1_000);
  return {
    iss: issuer,
    aud: audience,
    sub: account,
    client_id: account,
    scope: '*',
    iat,
    exp: iat + 60,
    jti: 'abcdefghijklmnopqrstuv',
  };
}

/** Signs anything with a key of the gateway: what an attacker cannot do, but a bug could. */
export function sign(
  claims: Record<string, unknown>,
  header: { alg: string; kid: string; [name: string]: unknown },
  key: CryptoKey,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
