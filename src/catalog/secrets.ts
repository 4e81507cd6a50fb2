import path from 'node:path';
import { addressKind } from './address.ts';
import { usesEnvironment } from './environment.ts';
import { catalogLimits } from './limits-defaults.ts';
import type { UpstreamTls } from './model.ts';
import type { ApiDraft, Settings, WebhookDraft } from './parse.ts';
import type { Report } from './report.ts';
import { readSecretFile } from './secret-file.ts';
import type { Path } from './source.ts';
import { readUpstreamTls } from './upstream-tls.ts';

/** Everything that comes from `${NAME}` or a file instead of the YAML text. Undefined where there is a problem. */
export type Secrets = {
  adminToken: string | undefined;
  operatorSecret: string | undefined;
  /** Undefined where the operator's stands in. */
  identitySecret: string | undefined;
  /** Undefined where no classic deposits are offered. */
  depositSecret: string | undefined;
  headers: Map<ApiDraft, ApiHeaders>;
  webhooks: Map<WebhookDraft, string | undefined>;
  upstreamTls: Map<ApiDraft, UpstreamTls | undefined>;
};

/** What an API's upstream is sent, and which of the values nobody else may see. */
export type ApiHeaders = { fields: [name: string, value: string][]; secrets: string[] };

export function readSecrets(settings: Settings, report: Report): Secrets {
  const { admin, stellar, gateway, deposits } = settings.sections;
  const adminToken = readSecret(['admin'], 'token', admin, report);
  if (adminToken !== undefined && adminToken.length < catalogLimits.adminTokenCharsMin) {
    const expected = `at least ${catalogLimits.adminTokenCharsMin} characters`;
    report.problems.push(report.source.problem(['admin'], 'has a token that could be guessed', expected));
  }
  const operatorSecret = readSeed(['stellar'], 'operator_secret', stellar, report);
  const hasIdentity = gateway.identity_secret !== undefined || gateway.identity_secret_file !== undefined;
  const identitySecret = hasIdentity ? readSeed(['gateway'], 'identity_secret', gateway, report) : undefined;
  const { classic } = deposits;
  const depositSecret = classic && readSeed(['deposits', 'classic'], 'secret', classic, report);
  if (depositSecret !== undefined && depositSecret === operatorSecret) {
    report.problems.push(
      report.source.problem(['deposits', 'classic'], "has the operator's own key", 'a seed of its own'),
    );
  }
  const headers = settings.apis.map((api) => [api, readHeaders(api, report)] as const);
  const webhooks = settings.webhooks.map((draft) => [draft, readWebhookSecret(draft, report)] as const);
  return {
    adminToken,
    operatorSecret,
    identitySecret,
    depositSecret,
    headers: new Map(headers),
    webhooks: new Map(webhooks),
    upstreamTls: new Map(settings.apis.map((api) => [api, readUpstreamTls(api, report)])),
  };
}

function readSeed<Key extends string>(
  section: Path,
  key: Key,
  given: { [Name in Key | `${Key}_file`]?: string | undefined },
  report: Report,
): string | undefined {
  const seed = readSecret(section, key, given, report);
  if (seed === undefined || addressKind(seed) === 'seed') return seed;
  const message = `has a secret that is no Stellar seed (${key})`;
  report.problems.push(report.source.problem(section, message, 'an S… seed'));
  return undefined;
}

/** Short enough to type, long enough that nobody guesses it. */
function readWebhookSecret({ settings, path: at }: WebhookDraft, report: Report): string | undefined {
  const secret = readSecret(at, 'secret', settings, report);
  if (secret !== undefined && secret.length < catalogLimits.webhookSecretCharsMin) {
    const expected = `at least ${catalogLimits.webhookSecretCharsMin} characters`;
    report.problems.push(report.source.problem(at, 'has a secret that could be guessed', expected));
  }
  return secret;
}

/** Exactly one of `key` (which takes it from the environment) and `key_file`. */
function readSecret<Key extends string>(
  section: Path,
  key: Key,
  given: { [Name in Key | `${Key}_file`]?: string | undefined },
  report: Report,
): string | undefined {
  const { source, problems } = report;
  const fileKey = `${key}_file` as const;
  const path = [...section, key];
  const filePath = [...section, fileKey];
  // A key that has been found wrong is not missing as well.
  if (problems.some(({ field }) => field === path.join('.') || field === filePath.join('.'))) return undefined;
  const inline = given[key];
  const file = given[fileKey];
  if (inline === undefined && file === undefined) {
    problems.push(source.problem(filePath, 'is missing', `${fileKey}, or ${key}: "\${NAME}"`));
    return undefined;
  }
  if (inline === undefined) return readFile(file ?? '', filePath, report);
  if (file !== undefined) {
    problems.push(source.problem(path, `stands beside ${fileKey}`, `only one of ${key} and ${fileKey}`));
  } else if (!usesEnvironment(source.spelling(path) ?? '')) {
    problems.push(source.problem(path, 'is written into the file', `"\${NAME}" from the environment, or ${fileKey}`));
  }
  return inline;
}

function readFile(file: string, at: Path, { source, problems, warnings, folder }: Report): string | undefined {
  const found = readSecretFile(path.resolve(folder, file));
  if (!found.ok) {
    problems.push(source.problem(at, found.message, found.expected));
    return undefined;
  }
  if (found.warning) warnings.push(source.problem(at, found.warning, 'mode 0600'));
  return found.secret;
}

/** Fields that the gateway or HTTP itself owns. */
const ownedFields = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
]);

/** Names of fields that carry credentials: their values come from outside the file. */
const credentialField = /auth|cookie|token|secret|password|key|signature/;

/** From this length on a value from outside the file is taken for a secret, whatever its field is called. */
const secretCharsMin = 16;

function readHeaders(api: ApiDraft, report: Report): ApiHeaders {
  const { source, problems } = report;
  const found = new Map<string, string>();
  const secrets: string[] = [];
  for (const [name, given] of Object.entries(api.settings.headers ?? {})) {
    const at = [...api.path, 'headers', name];
    const lower = name.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(lower)) {
      problems.push(source.keyProblem(at, 'is not the name of a header field', 'a name such as x-api-key'));
    } else if (ownedFields.has(lower)) {
      problems.push(source.keyProblem(at, 'is a field that the gateway sets itself', 'another field'));
    } else if (found.has(lower)) {
      problems.push(source.keyProblem(at, 'is given twice', 'one value per field'));
    }
    const isCredential = credentialField.test(lower);
    const value = headerValue(given, at, isCredential, report);
    if (value !== undefined && !/^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value)) {
      problems.push(source.problem(at, 'has a value that no header field can have', 'printable ASCII on one line'));
    }
    found.set(lower, value ?? '');
    const isOutside = typeof given !== 'string' || usesEnvironment(source.spelling(at) ?? '');
    if (value !== undefined && (isCredential || (isOutside && value.length >= secretCharsMin))) secrets.push(value);
  }
  return { fields: [...found], secrets };
}

function headerValue(given: unknown, at: Path, isCredential: boolean, report: Report): string | undefined {
  const { source, problems } = report;
  const outside = `"\${NAME}" from the environment, or { file: ./secrets/name }`;
  if (typeof given === 'object' && given !== null && 'file' in given && typeof given.file === 'string') {
    return readFile(given.file, at, report);
  }
  if (typeof given !== 'string') {
    problems.push(source.problem(at, 'is not a text', `a text, ${outside}`));
    return undefined;
  }
  if (isCredential && !usesEnvironment(source.spelling(at) ?? '')) {
    problems.push(source.problem(at, 'is a credential that is written into the file', outside));
  }
  return given;
}
