import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startProgram } from '../harness/children.mjs';

const root = path.join(import.meta.dirname, '..');

function packageVersion(name) {
  return JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}

function nodeProxy(name, packageName, file, args) {
  return {
    name,
    packages: true,
    version: () => packageVersion(packageName),
    start: (at) =>
      startProgram({ name, core: at.core, command: process.execPath, args: [path.join(root, file), ...args(at)] }),
  };
}

/** What everything is compared with: forwarding and nothing else. */
export const bareUndici = nodeProxy('bare undici', 'undici', 'bare-undici.mjs', ({ port, upstreamPort }) => [
  String(port),
  `http://127.0.0.1:${upstreamPort}`,
]);

export const fastify = nodeProxy(
  '@fastify/http-proxy',
  '@fastify/http-proxy',
  'rivals/fastify.mjs',
  ({ port, upstreamPort }) => [String(port), String(upstreamPort)],
);

export const httpProxy3 = nodeProxy(
  'http-proxy-3',
  'http-proxy-3',
  'rivals/http-proxy-3.mjs',
  ({ port, upstreamPort }) => [String(port), String(upstreamPort)],
);
