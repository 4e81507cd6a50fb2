import { holdsSeed } from './address.ts';
import type { Path, Problem, Source } from './source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The catalog itself has 6 levels. */
const depthMax = 32;

/**
 * Replaces `${NAME}` in every text by the environment's value; `$${NAME}` stands for the text `${NAME}` itself.
 * It happens after the YAML is parsed, so a value can never add keys or change another line. A secret written into
 * the file itself is refused here, before anything could print it.
 */
export function expandEnvironment(source: Source, env: Environment): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];

  function expand(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return expandText(value, path);
    if (path.length > depthMax) {
      // An alias inside its own anchor has no end at all.
      problems.push(source.problem([], 'is nested too deeply', `at most ${depthMax} levels`));
      return undefined;
    }
    if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, expand(item, [...path, key])] as const);
    // fromEntries defines properties, so a key named __proto__ stays a plain key and is refused as unknown.
    return Object.fromEntries(entries);
  }

  function expandText(text: string, path: Path): string {
    const literal = literalSecret(text);
    if (literal) problems.push(source.problem(path, `holds ${literal}`, `a \${NAME} from the environment or a *_file`));
    return text.replaceAll(/\$?\$\{([^}]*)\}/g, (reference, name: string) => {
      if (reference.startsWith('$$')) return reference.slice(1);
      const found = Object.hasOwn(env, name) ? env[name] : undefined;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        problems.push(source.problem(path, `refers to ${reference}, which is no variable name`, `\${NAME}`));
      } else if (found === undefined || found === '') {
        const state = found === undefined ? 'is not set' : 'is empty';
        problems.push(source.problem(path, `refers to ${reference}, which ${state}`, `the variable ${name}`));
      }
      return found ?? reference;
    });
  }

  return { value: expand(source.value, []), problems };
}

/** True when the text as written takes something from the environment. */
export function usesEnvironment(text: string): boolean {
  return /(?<!\$)\$\{[^}]+\}/.test(text);
}

function literalSecret(text: string): string | undefined {
  if (holdsSeed(text)) return 'a secret seed (S…)';
  if (/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/.test(text)) return 'an access token';
  if (text.includes('PRIVATE KEY-----')) return 'a private key';
  return undefined;
}
