#!/usr/bin/env node
// The launcher: what must be settled before the program's own modules load. The bundle begins here as well.
import module from 'node:module';
import path from 'node:path';
import process from 'node:process';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `callora needs Node 24 or later; this is ${process.version}. A checkout brings its own: \`npm ci && npm run build:pages\` once, then \`npm run callora --\`.`,
  );
  process.exit(70);
}
// Signature checks, DNS and the database's fdatasync share libuv's pool, whose four threads are few for a gateway.
process.env.UV_THREADPOOL_SIZE ??= '16';

// A checkout is a thousand modules, many of them TypeScript: what Node makes of them is kept, for a start in three quarters
// of the time. The bundle is one file and gains nothing. Where the folder cannot be written, nothing is kept.
if (import.meta.filename.endsWith('.js')) {
  module.enableCompileCache(path.join(import.meta.dirname, '../node_modules/.cache/callora'));
}

void import('../src/cli/main.ts').then(async ({ main }) => {
  process.exitCode = await main(process.argv.slice(2));
});
