// The import table of docs/architecture.md in one place: test/tidy.test.ts checks it against every import, and
// `node scripts/import-rules.ts` writes the linter's copy into biome.json, so that editors show a breach at once.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** room -> rooms it may import from; every room may import the kernel (src/*.ts). */
export const roomsOf: Record<string, string[]> = {
  kernel: [],
  http1: [],
  catalog: [],
  billing: ['catalog'],
  access: ['catalog'],
  limits: ['catalog'],
  upstream: ['catalog', 'http1'],
  store: [],
  metering: ['store', 'billing'],
  gateway: ['catalog', 'http1', 'access', 'billing', 'limits', 'upstream', 'metering'],
  stellar: [],
  deposits: ['stellar', 'store', 'billing'],
  settlement: ['stellar', 'store', 'billing'],
  portal: ['catalog', 'access', 'billing', 'limits', 'store', 'metering', 'deposits', 'settlement'],
  admin: ['catalog', 'access', 'billing', 'store', 'metering', 'gateway', 'deposits', 'settlement'],
  notify: ['catalog', 'store'],
  dashboard: [],
  devnet: [],
  app: [
    'catalog',
    'http1',
    'access',
    'billing',
    'limits',
    'upstream',
    'store',
    'metering',
    'gateway',
    'stellar',
    'deposits',
    'settlement',
    'portal',
    'admin',
    'notify',
  ],
  cli: ['app', 'catalog', 'access', 'stellar', 'admin'],
};

/** Files that may import one room more than their own room may, with the reason. */
export const exceptions: Record<string, { rooms: string[]; reason: string }> = {
  'src/cli/sandbox.ts': {
    rooms: ['devnet', 'store'],
    reason: 'the sandbox runs the embedded network, and locks its data directory before anything in it is touched',
  },
  'src/cli/verify.ts': {
    rooms: ['dashboard'],
    reason: 'receipts are checked by the same pure code as on the page; docs/verify-receipt.mjs is the second opinion',
  },
  'src/cli/devnet.ts': {
    rooms: ['devnet', 'store'],
    reason: 'the command runs the embedded network, and locks its state file before anything of it is read',
  },
};

/** third-party package -> the only rooms that may import it. */
export const homesOf: Record<string, string[]> = {
  yaml: ['catalog'],
  zod: ['catalog', 'devnet'],
  jose: ['access'],
  'better-sqlite3': ['store'],
  'drizzle-orm': ['store'],
  '@stellar/stellar-sdk': ['stellar', 'devnet', 'access'],
  'prom-client': ['admin'],
  commander: ['cli'],
  preact: ['dashboard'],
  uplot: ['dashboard'],
  uqr: ['portal'],
  pino: ['kernel'],
};

const root = path.resolve(import.meta.dirname, '..');

export function biomeOverrides(): unknown[] {
  return Object.keys(roomsOf)
    .filter((room) => room !== 'kernel' && room !== 'app')
    .map((room) => {
      const allowed = new Set([room, ...(roomsOf[room] ?? [])]);
      const files = Object.entries(exceptions)
        .filter(([file]) => file.startsWith(`src/${room}/`))
        .map(([file]) => `!${file}`);
      const group = Object.keys(roomsOf)
        .filter((other) => other !== 'kernel' && !allowed.has(other))
        .map((other) => `**/${other}/**`);
      const paths = Object.fromEntries(
        Object.entries(homesOf)
          .filter(([, rooms]) => !rooms.includes(room))
          .map(([name, rooms]) => [name, `Only ${rooms.join(', ')} may import ${name}.`]),
      );
      return {
        includes: [`src/${room}/**`, ...files],
        linter: {
          rules: {
            style: {
              noRestrictedImports: {
                level: 'error',
                options: {
                  paths,
                  patterns: [
                    {
                      group,
                      message: `src/${room} may import only ${['the kernel', ...(roomsOf[room] ?? [])].join(', ')}.`,
                    },
                  ],
                },
              },
            },
          },
        },
      };
    });
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(root, 'biome.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  const own = (config.overrides ?? []).filter(
    (entry: { linter?: { rules?: { style?: { noRestrictedImports?: unknown } } } }) =>
      !entry.linter?.rules?.style?.noRestrictedImports,
  );
  config.overrides = [...own, ...biomeOverrides()];
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
}
