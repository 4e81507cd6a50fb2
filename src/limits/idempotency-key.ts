/** What an Idempotency-Key field says. */
export type KeyReading = { ok: true; key: string } | { ok: false; detail: string };

const keyCharsMax = 255;

/**
 * The key in one field value: a structured-field string in quotes, as draft-ietf-httpapi-idempotency-key-header has it, or
 * bare, as nearly every client sends it. Both spellings of one key are one key.
 */
export function readIdempotencyKey(value: string): KeyReading {
  const quoted = value.startsWith('"');
  const key = quoted ? value.slice(1, -1) : value;
  if (quoted && (value.length < 2 || !value.endsWith('"'))) return { ok: false, detail: 'a quote is not closed' };
  if (key.length === 0) return { ok: false, detail: 'it is empty' };
  if (key.length > keyCharsMax) return { ok: false, detail: `it is longer than ${keyCharsMax} characters` };
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    // Quotes and backslashes would make the two spellings differ; UUIDs and their like have none.
    if (code < 0x21 || code > 0x7e || code === 0x22 || code === 0x5c) {
      return {
        ok: false,
        detail: 'it stands twice, or has more than visible ASCII characters without quotes and backslashes',
      };
    }
  }
  return { ok: true, key };
}
