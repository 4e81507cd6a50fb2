/** Characters of a token (RFC 9110), and those that RFC 7239 leaves out of its quotes in practice: colons and brackets. */
const valueCharacter = /[!#$%&'*+\-.^_`|~0-9A-Za-z:[\]]/;

/**
 * The `for` nodes of one line of a Forwarded field (RFC 7239), in order; undefined when the line is not wholly well-formed or
 * an element does not say for whom. Read from its beginning, since quotes can only be told that way; a line that a client
 * has begun and a proxy went on with either keeps its meaning or cannot be read.
 */
export function readForwardedNodes(line: string): string[] | undefined {
  const nodes: string[] = [];
  let node: string | undefined;
  let at = 0;
  for (;;) {
    const pair = readPair(line, skipSpace(line, at));
    if (!pair) return undefined;
    if (pair.name === 'for') {
      if (node !== undefined) return undefined;
      node = pair.value;
    }
    at = skipSpace(line, pair.end);
    const next = line[at];
    if (next === ';') {
      at++;
      continue;
    }
    if (node === undefined || (next !== undefined && next !== ',')) return undefined;
    nodes.push(node);
    if (next === undefined) return nodes;
    node = undefined;
    at++;
  }
}

function readPair(line: string, start: number): { name: string; value: string; end: number } | undefined {
  const equals = line.indexOf('=', start);
  const name = line.slice(start, equals);
  if (equals < 0 || !/^[A-Za-z0-9-]+$/.test(name)) return undefined;
  const quoted = line[equals + 1] === '"';
  const read = quoted ? readQuoted(line, equals + 2) : readBare(line, equals + 1);
  return read && { name: name.toLowerCase(), ...read };
}

function readBare(line: string, start: number): { value: string; end: number } | undefined {
  let end = start;
  while (end < line.length && valueCharacter.test(line[end] ?? '')) end++;
  return end > start ? { value: line.slice(start, end), end } : undefined;
}

function readQuoted(line: string, start: number): { value: string; end: number } | undefined {
  let value = '';
  for (let at = start; at < line.length; at++) {
    if (line[at] === '"') return { value, end: at + 1 };
    if (line[at] === '\\') at++;
    value += line[at] ?? '';
  }
  return undefined;
}

function skipSpace(line: string, start: number): number {
  let at = start;
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}
