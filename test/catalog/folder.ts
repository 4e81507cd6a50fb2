import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type LoadResult, loadConfig } from '../../src/catalog/load.ts';
import type { Config } from '../../src/catalog/model.ts';
import type { Problem } from '../../src/catalog/source.ts';

export const vault = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
export const payee = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
export const seed = 'SA774YTZ3T4NXJPYOP6FZGLMMSIE2VBSGOD3IOY2HKBT36OYJPQJBLD7';

export const depositSeed = 'SADQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQP54X';

/** Sections that every catalog needs, without an API. */
export const base = `
admin: { token_file: ./secrets/admin.token }
stellar:
  network: testnet
  rpc_url: https://rpc.example
  vault: ${vault}
  operator_secret_file: ./secrets/operator.seed
`;

/** A catalog of one API; `lines` are more keys of it. */
export function withApi(...lines: string[]): string {
  const api = ['name: weather', `payee: ${payee}`, 'mount: /weather', 'upstream: http://127.0.0.1:9000', ...lines];
  return `${base}apis:\n  - ${api.join('\n    ')}\n`;
}

/** A catalog of one API that sells the listed routes, each `METHOD /path` at its price. */
export function withRoutes(routes: Record<string, string>, ...lines: string[]): string {
  const listed = Object.entries(routes).map(([match, price]) => `  - { match: "${match}", price: "${price}" }`);
  return withApi(...lines, 'routes:', ...listed);
}

/** A new folder with a catalog and the secrets it names; removed when the test has finished. */
export function catalogFolder(yaml: string): { folder: string; file: string } {
  const made = makeFolder(yaml);
  onTestFinished(() => rmSync(made.folder, { recursive: true, force: true }));
  return made;
}

function makeFolder(yaml: string): { folder: string; file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-catalog-'));
  mkdirSync(path.join(folder, 'secrets'));
  writeSecret(folder, 'admin.token', 'a-token-that-nobody-guesses');
  writeSecret(folder, 'operator.seed', seed);
  writeSecret(folder, 'deposit.seed', depositSeed);
  writeSecret(folder, 'tokens.jwks', '{"keys":[]}');
  const file = path.join(folder, 'callora.yaml');
  writeFileSync(file, yaml);
  return { folder, file };
}

export function writeSecret(folder: string, name: string, text: string, mode = 0o600): void {
  writeFileSync(path.join(folder, 'secrets', name), `${text}\n`, { mode });
}

export function load(yaml: string, env: Record<string, string> = {}): LoadResult {
  const { folder, file } = makeFolder(yaml);
  try {
    return loadConfig({ file, env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function loadGood(yaml: string, env: Record<string, string> = {}): Config {
  const result = load(yaml, env);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.config;
}

export function problemsOf(yaml: string, env: Record<string, string> = {}): Problem[] {
  const result = load(yaml, env);
  return result.ok ? [] : result.problems;
}
