#!/usr/bin/env node
// The launcher: what must be settled before the program's own modules load. The bundle begins here as well.
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

void import('../src/cli/main.ts').then(async ({ main }) => {
  process.exitCode = await main(process.argv.slice(2));
});
