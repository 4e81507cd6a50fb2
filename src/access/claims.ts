import { addressKind } from '../catalog/address.ts';
import { parseUsdc, type Units } from '../money.ts';

/** What an access token of this gateway says (RFC 9068 plus one private claim). */
export type TokenClaims = {
  jti: string;
  /** The Stellar address whose balance pays: G… or C…. */
  account: string;
  /** API names, or `*` for every API now and later. */
  scopes: ReadonlySet<string> | '*';
  issuedAtMs: number;
  expiresAtMs: number;
  /** Claim `callora_cap`: the most this token may ever spend, as decimal USDC text. */
  capUnits: Units | undefined;
};

export type ClaimsResult = { ok: true; claims: TokenClaims } | { ok: false; claim: string };

/** How far an issuer's clock may run ahead of ours, ms: what two machines with NTP never reach. */
const futureMaxMs = 60_000;

/** Ends of numbers that dates can hold, s. */
const secondsMax = 8_640_000_000_000;

/** Claims that are known; an unknown one could be a restriction of a newer version, so it refuses the token. */
const known = new Set(['iss', 'aud', 'sub', 'client_id', 'scope', 'iat', 'exp', 'jti', 'callora_cap']);

/**
 * Checks every claim's form and range but not `exp` against the clock, which has an answer of its own. Pure; `nowMs`
 * is wall time.
 */
export function readClaims(
  payload: unknown,
  expected: { issuer: string; audience: string },
  nowMs: number,
): ClaimsResult {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return { ok: false, claim: 'payload' };
  const claims = new Map<string, unknown>(Object.entries(payload));
  const unknown = [...claims.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) return { ok: false, claim: unknown };
  if (claims.get('iss') !== expected.issuer) return { ok: false, claim: 'iss' };
  if (claims.get('aud') !== expected.audience) return { ok: false, claim: 'aud' };
  const account = claims.get('sub');
  if (typeof account !== 'string' || !isAccount(account)) return { ok: false, claim: 'sub' };
  const client = claims.get('client_id');
  if (client !== account) return { ok: false, claim: 'client_id' };
  const jti = claims.get('jti');
  if (typeof jti !== 'string' || !/^[A-Za-z0-9_-]{16,64}$/.test(jti)) return { ok: false, claim: 'jti' };
  const iat = claims.get('iat');
  if (!isSeconds(iat) || iat * 1_000 > nowMs + futureMaxMs) return { ok: false, claim: 'iat' };
  const exp = claims.get('exp');
  if (!isSeconds(exp) || exp <= iat) return { ok: false, claim: 'exp' };
  const scopes = readScope(claims.get('scope'));
  if (!scopes) return { ok: false, claim: 'scope' };
  const capUnits = readCap(claims.get('callora_cap'));
  if (capUnits === 'bad') return { ok: false, claim: 'callora_cap' };
  return { ok: true, claims: { jti, account, scopes, issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000, capUnits } };
}

/** `*`, or API names separated by single spaces. Undefined when it is neither. */
function readScope(scope: unknown): ReadonlySet<string> | '*' | undefined {
  if (scope === '*') return '*';
  if (typeof scope !== 'string') return undefined;
  const names = scope.split(' ');
  return names.every(isScopeName) ? new Set(names) : undefined;
}

/** The name of an API, as the catalog allows it. */
export function isScopeName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,62}$/.test(name);
}

export function isAccount(text: string): boolean {
  const kind = addressKind(text);
  return kind === 'account' || kind === 'contract';
}

function readCap(cap: unknown): Units | undefined | 'bad' {
  if (cap === undefined) return undefined;
  const amount = typeof cap === 'string' ? parseUsdc(cap) : undefined;
  return amount !== undefined && amount > 0n ? amount : 'bad';
}

export function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= secondsMax;
}
