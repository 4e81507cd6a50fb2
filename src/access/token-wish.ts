import type { Config } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import { parseUsdc, storedUnitsMax, type Units } from '../money.ts';

/** What one may ask of a new token, as it comes over the wire; what is left out takes its default. */
export type TokenWish = {
  /** Names of APIs; every API, also a later one, without it. */
  scope?: string[] | undefined;
  ttl_s?: number | undefined;
  /** Decimal USDC; no cap without it. */
  cap?: string | undefined;
  label?: string | undefined;
};

export type TokenTerms = {
  scope: string[] | '*';
  ttlMs: number;
  cap: Units | undefined;
  label: string | undefined;
};

const fields = ['scope', 'ttl_s', 'cap', 'label'];

/** A line in a list. */
const labelCharsMax = 64;

/** So many names of the longest kind still make a token that `token_bytes_max` lets in. */
const scopeNamesMax = 50;

/** Reads the fields of a body. Strict: a misspelt `cap` must not make a token without one. */
export function readTokenWish(body: Record<string, unknown>, otherFields: string[] = []): TokenWish {
  const known = [...otherFields, ...fields];
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`there is no field "${unknown}"; known are ${known.join(', ')}`);
  const { scope, ttl_s, cap, label } = body;
  if (scope !== undefined && !isTextList(scope)) throw wrong('scope must be a list of API names');
  if (ttl_s !== undefined && typeof ttl_s !== 'number') throw wrong('ttl_s must be a number');
  if (cap !== undefined && typeof cap !== 'string') throw wrong('cap must be a text such as "2.5"');
  if (label !== undefined && typeof label !== 'string') throw wrong('label must be a text');
  return { scope, ttl_s, cap, label };
}

/** What the wish means under this configuration, or a refusal that names the field. */
export function tokenTerms(wish: TokenWish, config: Pick<Config, 'tokens' | 'apis'>): TokenTerms {
  return { scope: scopeOf(wish, config), ttlMs: ttlOf(wish, config), cap: capOf(wish), label: labelOf(wish) };
}

function capOf({ cap }: TokenWish): Units | undefined {
  if (cap === undefined) return undefined;
  const amount = parseUsdc(cap);
  if (amount === undefined || amount === 0n || amount > storedUnitsMax) {
    throw wrong('cap must be a positive amount of USDC such as "2.5"');
  }
  return amount;
}

function ttlOf({ ttl_s }: TokenWish, { tokens }: Pick<Config, 'tokens'>): number {
  const ttlMs = ttl_s === undefined ? tokens.ttlMs : ttl_s * 1000;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1000 || ttlMs > tokens.ttlMaxMs) {
    throw wrong(`ttl_s must be from 1 to ${tokens.ttlMaxMs / 1000}, which tokens.ttl_max allows`);
  }
  return ttlMs;
}

function scopeOf({ scope }: TokenWish, { apis }: Pick<Config, 'apis'>): string[] | '*' {
  if (scope === undefined) return '*';
  const names = apis.map((api) => api.name);
  const unknown = scope.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw wrong(`scope names the API "${unknown}", but the catalog has ${names.join(', ')}`);
  }
  const once = [...new Set(scope)];
  if (once.length === 0) throw wrong('scope must name at least one API');
  if (once.length > scopeNamesMax) throw wrong(`scope must name at most ${scopeNamesMax} APIs; leave it out for all`);
  return once;
}

function labelOf({ label }: TokenWish): string | undefined {
  if (label === undefined) return undefined;
  if (label.length > labelCharsMax || /\p{Cc}/u.test(label)) {
    throw wrong(`label must be one line of at most ${labelCharsMax} characters`);
  }
  return label;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function wrong(detail: string): GatewayError {
  return new GatewayError('bad_parameter', detail);
}
