/** A signed text's two JSON parts, from the only form this gateway issues. */
export type TokenForm = { kid: string; payload: unknown };

/** The header of our tokens and sessions holds exactly these; `jwk`, `jku`, `x5u`, `crit`, `zip` and all else refuse the token. */
const headerFields = new Set(['alg', 'typ', 'kid']);

/**
 * Reads a compact JWS: three parts of canonical base64url, header `{alg: EdDSA, typ, kid}` and nothing more.
 * The type asked for decides what the text is good for.
 * Canonical means that encoding the decoded bytes gives the same text: a decoder that forgives padding, spaces or spare
 * bits would give one token many spellings, and each would miss a cache and a revocation by text. Undefined otherwise.
 */
export function readTokenForm(token: string, type: string): TokenForm | undefined {
  const parts = token.split('.', 4);
  const [header, payload, signature] = parts.map(decodeCanonical);
  if (parts.length !== 3 || !header || !payload || !signature || signature.length !== 64) return undefined;
  const fields = parseJson(header);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  const entries = new Map<string, unknown>(Object.entries(fields));
  if ([...entries.keys()].some((name) => !headerFields.has(name))) return undefined;
  const kid = entries.get('kid');
  if (entries.get('alg') !== 'EdDSA' || entries.get('typ') !== type || typeof kid !== 'string') return undefined;
  return { kid, payload: parseJson(payload) };
}

function decodeCanonical(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
