import type { Exchange } from './exchange.ts';

/**
 * How far an OPTIONS request may still go (RFC 9110, section 7.6.2): `here` is its end; otherwise the count that it is
 * forwarded with is one less. Other methods may leave the field alone, and TRACE is not forwarded at all.
 */
export function countDown({ head, request }: Pick<Exchange, 'head' | 'request'>): 'here' | 'onward' | 'unreadable' {
  if (head.method !== 'OPTIONS') return 'onward';
  const fields = [...request.fields];
  let at: number | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] ?? '').toLowerCase() !== 'max-forwards') continue;
    if (at !== undefined) return 'unreadable';
    at = i + 1;
  }
  if (at === undefined) return 'onward';
  const left = fields[at] ?? '';
  if (!/^\d{1,9}$/.test(left)) return 'unreadable';
  if (Number(left) === 0) return 'here';
  fields[at] = String(Number(left) - 1);
  request.fields = fields;
  return 'onward';
}
