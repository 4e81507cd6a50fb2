import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { loadTokenKeys } from '../access/keys.ts';
import { isLoopback } from '../catalog/loopback.ts';
import type { Config } from '../catalog/model.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { nodeFloorWarning } from './node-floor.ts';
import { openAdminWarning } from './open-admin.ts';

/** What this machine alone can tell: files, keys, addresses. */
export async function checkSetup(config: Config): Promise<Finding[]> {
  const openAdmin = openAdminWarning(config);
  const routes = config.apis.reduce((sum, api) => sum + api.routes.length, 0);
  return [
    ok('config file', `${counted(config.apis.length, 'API')}, ${counted(routes, 'route')}`),
    checkNode(),
    checkPublicUrl(config),
    ...(openAdmin === undefined ? [] : [warn('operator listener', openAdmin)]),
    checkStorage(config.storage.path),
    ...(await checkTokenKeys(config.tokens.keysFile)),
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function checkNode(): Finding {
  const warning = nodeFloorWarning();
  return warning === undefined ? ok('Node', process.version) : warn('Node', warning.replace(/^warning: /, ''));
}

function checkPublicUrl({ gateway: { publicUrl } }: Config): Finding {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:') return ok('public URL', publicUrl);
  if (isLoopback(hostname))
    return warn('public URL', `${publicUrl} reaches this machine only: set gateway.public_url before going public`);
  return fail(
    'public URL',
    `${publicUrl} is not https: tokens would travel in the open. Set gateway.tls, or put a TLS proxy in front`,
  );
}

/** SQLite makes the file, and others beside it, in its folder. */
function checkStorage(file: string): Finding {
  let folder = path.dirname(file);
  while (!existsSync(folder) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch {
    return fail('storage', `this user cannot write ${existsSync(file) ? file : folder}`);
  }
  return ok('storage', existsSync(file) ? file : `${file} will be made`);
}

async function checkTokenKeys(file: string): Promise<Finding[]> {
  const loaded = await loadTokenKeys(file);
  if (!loaded.ok) return [fail('token keys', loaded.message)];
  const count = loaded.keys.byKid.size;
  return [
    ...loaded.warnings.map((warning) => warn('token keys', warning)),
    ok('token keys', `${counted(count, 'key')}, ${loaded.keys.signing.kid} signs`),
  ];
}
