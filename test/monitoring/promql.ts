/** What an expression of PromQL names: metrics, and labels per metric or over the whole. Enough to check, not to run. */
export type Named = {
  metrics: { name: string; labels: { name: string; op: string; value: string }[] }[];
  grouped: string[];
};

const grouping = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

const token =
  /\s+|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<range>\[[^\]]*\])|(?<number>\d[\d.]*(?:e[+-]?\d+)?[a-z]*)|(?<name>[a-zA-Z_:][\w:]*)|(?<op>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){},])/gy;

/** Throws at what it does not understand, so that nothing slips through unread. */
export function namesIn(expression: string): Named {
  const tokens = read(expression);
  const named: Named = { metrics: [], grouped: [] };
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at] ?? { kind: '', text: '' };
    const next = tokens[at + 1]?.text;
    if (kind !== 'name' || words.has(text.toLowerCase())) continue;
    if (grouping.has(text)) {
      while (tokens[at]?.text !== ')') {
        at++;
        if (at >= tokens.length) throw new Error(`no end of ${text} in ${expression}`);
        if (tokens[at]?.kind === 'name') named.grouped.push(tokens[at]?.text ?? '');
      }
      continue;
    }
    // An aggregation may say `by (…)` before its argument; a function has its argument right behind it.
    if (next === '(' || (next !== undefined && grouping.has(next))) continue;
    const metric: Named['metrics'][number] = { name: text, labels: [] };
    named.metrics.push(metric);
    if (next !== '{') continue;
    for (at += 2; tokens[at]?.text !== '}'; at++) {
      if (tokens[at]?.text === ',') continue;
      const [label, op, value] = [tokens[at], tokens[at + 1], tokens[at + 2]];
      if (label?.kind !== 'name' || value?.kind !== 'text')
        throw new Error(`no matcher at ${label?.text} in ${expression}`);
      metric.labels.push({ name: label.text, op: op?.text ?? '', value: value.text.slice(1, -1) });
      at += 2;
    }
  }
  return named;
}

function read(expression: string): { kind: string; text: string }[] {
  const tokens: { kind: string; text: string }[] = [];
  let end = 0;
  for (const match of expression.matchAll(token)) {
    end = match.index + match[0].length;
    const found = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined);
    if (found) tokens.push({ kind: found[0], text: found[1] ?? '' });
  }
  if (end !== expression.length) throw new Error(`not understood from "${expression.slice(end)}" on`);
  return tokens;
}
