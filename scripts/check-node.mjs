// Plain JavaScript that any Node runs: says what is wrong before a newer feature fails with an unrelated message.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(`Callora needs Node 24 or later; this is ${process.version} (${process.execPath}).`);
  console.error(
    'The checkout brings its own: run `npm ci` (without --omit=dev or --omit=optional), then go through `npm run`.',
  );
  process.exit(1);
}
