import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** One thing wrong with the catalog, for a person to fix. `line` and `column` count from 1; 0 when there is no place. */
export type Problem = {
  file: string;
  line: number;
  column: number;
  /** As in `apis[0].routes[1].price`; empty for the file as a whole. */
  field: string;
  message: string;
  expected: string;
};

export type Path = readonly (string | number)[];

/** The YAML text as plain values, with a way back from a value to its place. */
export type Source = {
  value: unknown;
  /** Errors of the YAML itself; nothing else is worth saying when there are any. */
  problems: Problem[];
  problem(path: Path, message: string, expected: string): Problem;
  /** The place of a key itself, for keys that nobody knows. */
  keyProblem(path: Path, message: string, expected: string): Problem;
  line(path: Path): number;
  /** How the value is spelt in the file: `5e-4`, not `0.0005`. */
  spelling(path: Path): string | undefined;
};

/** Reads YAML 1.2 (no merge keys, no custom tags, one document, unique keys). Never throws. */
export function readSource(file: string, yaml: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, version: '1.2', uniqueKeys: true, prettyErrors: false });

  function at(offset: number | undefined, field: string, message: string, expected: string): Problem {
    const place = offset === undefined ? { line: 0, col: 0 } : lines.linePos(offset);
    return { file, line: place.line, column: place.col, field, message, expected };
  }

  // What the parser says behind the first place that it cannot read follows from that place.
  const unreadable = document.errors.find((error) => error.code !== 'DUPLICATE_KEY');
  const errors = document.errors.filter((error) => error.code === 'DUPLICATE_KEY' || error === unreadable);
  const problems = [...errors, ...document.warnings].map((error) =>
    at(error.pos[0], '', `is not readable YAML: ${error.message}`, 'YAML 1.2'),
  );
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = document.toJS();
    } catch (error) {
      // Aliases that multiply without end are the one thing a well-formed document can still fail with.
      problems.push(at(0, '', `is not usable YAML: ${error instanceof Error ? error.message : error}`, 'few aliases'));
    }
  }
  if (problems.length === 0 && !isMap(document.contents)) {
    problems.push(at(0, '', 'is not a YAML mapping', 'sections such as gateway:, stellar: and apis:'));
  }
  return {
    value,
    problems,
    problem: (path, message, expected) => at(offsetOf(document, path), fieldName(path), message, expected),
    keyProblem: (path, message, expected) =>
      at(keyOffset(document, path) ?? offsetOf(document, path), fieldName(path), message, expected),
    line: (path) => at(offsetOf(document, path), '', '', '').line,
    spelling(path) {
      const node = nodeAt(document, path);
      return isScalar(node) ? node.source : undefined;
    },
  };
}

export function fieldName(path: Path): string {
  let name = '';
  for (const part of path) name += typeof part === 'number' ? `[${part}]` : name ? `.${part}` : part;
  return name;
}

/** The value's own place or, when it is missing, that of the nearest thing that holds it. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const shorter = path.slice(0, depth);
    const offset =
      depth < path.length ? keyOffset(document, shorter) : (nodeAt(document, shorter)?.range?.[0] ?? undefined);
    if (offset !== undefined) return offset;
    const node = nodeAt(document, shorter);
    if (node?.range) return node.range[0];
  }
  return undefined;
}

function keyOffset(document: Document.Parsed, path: Path): number | undefined {
  const parent = nodeAt(document, path.slice(0, -1));
  const key = path.at(-1);
  if (!isMap(parent) || key === undefined) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function nodeAt(document: Document.Parsed, path: Path): Node | undefined {
  let node = resolve(document, document.contents);
  for (const part of path) {
    let next: unknown;
    if (isMap(node)) {
      next = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))?.value;
    } else if (isSeq(node) && typeof part === 'number') {
      next = node.items[part];
    }
    node = resolve(document, next);
    if (!node) return undefined;
  }
  return node;
}

function resolve(document: Document.Parsed, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}
