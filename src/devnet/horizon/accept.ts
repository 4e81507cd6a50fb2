/** Content negotiation (RFC 9110 section 12.5.1) among the forms in which Horizon can answer. */

export type Form = 'document' | 'events' | 'octets';

/** In the order of preference where the client has none. */
const FORMS: readonly (readonly [type: string, form: Form])[] = [
  ['application/hal+json', 'document'],
  ['application/json', 'document'],
  ['text/event-stream', 'events'],
  ['application/octet-stream', 'octets'],
];

/** Undefined when the client accepts none of them. */
export function negotiate(accept: string | undefined): Form | undefined {
  if (accept === undefined || accept.trim() === '') return 'document';
  const ranges = accept
    .split(',')
    .map(readRange)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || b.exactness - a.exactness);
  for (const { range } of ranges) {
    const found = FORMS.find(([type]) => fits(range, type));
    if (found) return found[1];
  }
  return undefined;
}

function readRange(text: string): { range: string; quality: number; exactness: number } {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  const exactness = range === '*/*' ? 0 : range.endsWith('/*') ? 1 : 2;
  return { range, quality: Number.isFinite(quality) ? quality : 0, exactness };
}

function fits(range: string, type: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
}
