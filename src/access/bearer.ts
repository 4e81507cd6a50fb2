export type Bearer = { ok: true; token: string } | { ok: false; reason: 'token_missing' | 'token_invalid' };

const missing: Bearer = { ok: false, reason: 'token_missing' };
const invalid: Bearer = { ok: false, reason: 'token_invalid' };

/**
 * Takes the token from a head's flat list of names and values: exactly one Authorization field, scheme Bearer in
 * any case, one space, and a token without spaces. Query, cookie and other fields never carry one, because they end up
 * in logs and caches.
 */
export function readBearer(rawHeaders: readonly string[]): Bearer {
  let value: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name === undefined || name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    // Two fields may be read as either one by whoever stands in between.
    if (value !== undefined) return invalid;
    value = rawHeaders[at + 1];
  }
  if (value === undefined || value === '') return missing;
  const space = value.indexOf(' ');
  const scheme = space === -1 ? value : value.slice(0, space);
  if (scheme.toLowerCase() !== 'bearer') return missing;
  const token = space === -1 ? '' : value.slice(space + 1);
  return token === '' || token.includes(' ') || token.includes(',') ? invalid : { ok: true, token };
}
