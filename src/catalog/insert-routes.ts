import { isAlias, isMap, isPair, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ImportedRoute } from './openapi.ts';

/** An API to write, or the place of one that is there. */
export type ImportTarget =
  | { kind: 'new'; name: string; payee: string; mount: string; upstream: string }
  | { kind: 'there'; index: number };

export type Inserted = { ok: true; text: string } | { ok: false; message: string };

/**
 * Writes routes into the YAML text of a catalog that loads. The document only tells where: the text itself is cut once and
 * the new lines go in between, so that every comment, blank line and quote of the rest stays byte for byte.
 */
export function insertRoutes(
  yaml: string,
  target: ImportTarget,
  routes: readonly ImportedRoute[],
  price: string | undefined,
): Inserted {
  const document = parseDocument(yaml, { version: '1.2', keepSourceTokens: true });
  const apis = isMap(document.contents) ? document.contents.get('apis', true) : undefined;
  if (!isSeq(apis) || apis.flow || apis.items.length === 0)
    return refuse('apis is not a block list (lines that begin with -)');
  const eol = yaml.includes('\r\n') ? '\r\n' : '\n';
  const lines = routes.map((route) => routeText(route, price));
  if (target.kind === 'new') {
    const column = columnOf(apis);
    const { name, payee, mount, upstream } = target;
    const fields = [
      `name: ${name}`,
      `payee: ${payee}`,
      `mount: ${scalar(mount)}`,
      `upstream: ${scalar(upstream)}`,
      'routes:',
    ];
    const entry = [
      ...fields.map((field, at) => `${' '.repeat(column)}${at === 0 ? '- ' : '  '}${field}`),
      ...lines.map((line) => `${' '.repeat(column + 4)}- ${line}`),
    ];
    return cut(yaml, lineAfter(yaml, endOf(apis)), entry, eol);
  }
  const api = apis.items[target.index];
  if (!isMap(api) || api.flow) return refuse('the entry of this API is not a block of lines with one key each');
  return intoApi(yaml, api, lines, eol);
}

function intoApi(yaml: string, api: YAMLMap, lines: string[], eol: string): Inserted {
  const column = columnOf(api);
  const pair = api.items.find((item) => isScalar(item.key) && item.key.value === 'routes');
  const under = lines.map((line) => `${' '.repeat(column + 2)}- ${line}`);
  if (!pair) return cut(yaml, lineAfter(yaml, endOf(api)), [`${' '.repeat(column)}routes:`, ...under], eol);
  const { value } = pair;
  if (!isSeq(value) || !value.range) return refuse('the routes of this API are an alias of others');
  const [start, behind] = value.range;
  if (value.items.length === 0) {
    // Of `routes: []` the brackets go, and the comment behind them stays.
    const key = yaml.slice(0, start).trimEnd();
    const emptied = `${key}${yaml.slice(behind)}`;
    return cut(emptied, lineAfter(emptied, key.length), under, eol);
  }
  const end = endOf(value.items.at(-1));
  if (value.flow) {
    const more = lines.map((line) => `,${eol}${' '.repeat(column + 2)}${line}`).join('');
    return { ok: true, text: `${yaml.slice(0, end)}${more}${yaml.slice(end)}` };
  }
  const indent = ' '.repeat(columnOf(value));
  const listed = lines.map((line) => `${indent}- ${line}`);
  return cut(yaml, lineAfter(yaml, end), listed, eol);
}

/** Puts whole lines in at the beginning of a line. */
function cut(yaml: string, at: number, lines: string[], eol: string): Inserted {
  const before = yaml.slice(0, at);
  const open = before === '' || before.endsWith('\n') ? '' : eol;
  return { ok: true, text: `${before}${open}${lines.map((line) => `${line}${eol}`).join('')}${yaml.slice(at)}` };
}

/** Where the line that holds this offset ends, comments included; a block scalar ends at the start of a line already. */
function lineAfter(yaml: string, offset: number): number {
  if (yaml[offset - 1] === '\n') return offset;
  const end = yaml.indexOf('\n', offset);
  return end === -1 ? yaml.length : end + 1;
}

/** Behind the last character that belongs to the value; a block's own range reaches over the comments behind it. */
function endOf(node: unknown): number {
  if (isPair(node)) return Math.max(endOf(node.key), endOf(node.value));
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1));
  return isRanged(node) ? node.range[1] : 0;
}

function isRanged(node: unknown): node is Node & { range: [number, number, number] } {
  return (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) && Array.isArray(node.range);
}

/** Where the dashes of a list or the keys of a mapping stand. */
function columnOf(node: YAMLMap | YAMLSeq): number {
  const token = node.srcToken;
  return token && 'indent' in token ? token.indent : 0;
}

function routeText({ pattern, description }: ImportedRoute, price: string | undefined): string {
  const fields = [
    `match: ${quoted(`${pattern.method} ${pattern.path}`)}`,
    ...(price === undefined ? [] : [`price: ${quoted(price)}`]),
    ...(description === undefined ? [] : [`description: ${quoted(description)}`]),
  ];
  return `{ ${fields.join(', ')} }`;
}

function scalar(text: string): string {
  return /^[A-Za-z0-9./:_~-]+$/.test(text) ? text : quoted(text);
}

/** JSON texts are YAML texts. `${NAME}` in words of others must never be read from the environment. */
function quoted(text: string): string {
  return JSON.stringify(text.replaceAll(/\$\{(?=[^}]*\})/g, () => '$${'));
}

function refuse(message: string): Inserted {
  return { ok: false, message };
}
