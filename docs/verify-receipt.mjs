#!/usr/bin/env node
// Checks a receipt as receipts.md describes it, with plain Node 20 or later and nothing of Callora's own code.
//   node verify-receipt.mjs RECEIPT ROOTS [CHAIN | -] [JWKS]
// RECEIPT, ROOTS and JWKS are files or addresses, CHAIN is the `chain` of the vault's last_batch(lane) in hex, `-` for none.
// Exit code 0: the receipt holds against all that was given.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const [receiptAt, rootsAt, chain = '-', jwksAt] = process.argv.slice(2);
const read = async (at) =>
  JSON.parse(/^https?:/.test(at) ? await (await fetch(at)).text() : await readFile(at, 'utf8'));
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const base64url = (text) => Buffer.from(text).toString('base64url');

function check(name, holds) {
  console.log(`${holds ? 'ok     ' : 'FAILED '}${name}`);
  if (!holds) process.exitCode = 1;
}
function number(value) {
  if (String(BigInt(value)) !== String(value)) throw new Error(`${value} is no number`);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
function amount(text) {
  const [, whole, fraction = ''] = /^(0|[1-9]\d*)(?:\.(\d{0,6}[1-9]))?$/.exec(text);
  return number(BigInt(whole + fraction.padEnd(7, '0')));
}
function hash(hex) {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error(`${hex} is not 32 bytes in hex`);
  return Buffer.from(hex, 'hex');
}
function leafHash(vault, leaf) {
  const { kind, account, payee } = leaf;
  const call = () => [number(leaf.call), account, payee, leaf.api, leaf.method, leaf.route, number(leaf.status)];
  const rest =
    kind === 'call'
      ? [...call(), amount(leaf.price), amount(leaf.refund), number(leaf.time_ms)]
      : [number(leaf.from_lane), number(leaf.from_batch), account, payee, amount(leaf.amount)];
  const contents = ['callora.leaf.v1', kind, vault, ...rest].map((value) => Buffer.from(value));
  return sha256(Buffer.of(0), ...contents.flatMap((content) => [number(content.length).subarray(4), content]));
}
function rootOf(node, index, size, path) {
  // RFC 9162, section 2.1.3.2
  let [at, last] = [index, size - 1];
  if (!(at >= 0 && at <= last)) return undefined;
  for (const sibling of path.map(hash)) {
    if (last === 0) return undefined;
    node = at % 2 === 1 || at === last ? sha256(Buffer.of(1), sibling, node) : sha256(Buffer.of(1), node, sibling);
    while (at % 2 === 0 && at === last && at > 0) [at, last] = [at / 2, last / 2];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node.toString('hex') : undefined;
}
function signedBy(keys, r) {
  const [header, payload, signature] = r.signature.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const { batch, index, lane, leaf_hash, network_passphrase, root, size, state, vault, version } = r;
  const said = { batch, index, lane, leaf_hash, network_passphrase, root, size, state, vault, version };
  const x = keys.find((key) => key.kid === kid && key.crv === 'Ed25519')?.x;
  const bytes = Buffer.from(signature, 'base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return (
    r.signature ===
      `${base64url(JSON.stringify({ alg: 'EdDSA', kid, typ: 'callora-receipt+jws' }))}.${base64url(
        JSON.stringify(said),
      )}.${base64url(bytes)}` && verify(null, `${header}.${payload}`, key, bytes)
  );
}

// What is malformed, or in no batch yet, ends here as one line.
process.on('uncaughtException', (error) => {
  console.log(`FAILED ${error.message}`);
  process.exit(1);
});
const [receipt, list] = [await read(receiptAt), await read(rootsAt)];
if (receipt.state !== 'confirmed') throw new Error(`the receipt is ${receipt.state}: nothing on chain proves it yet`);
const { lane, batch, root, index, size, path, tx_hash, ledger } = receipt;
check('leaf bytes → hash', leafHash(receipt.vault, receipt.leaf).toString('hex') === receipt.leaf_hash);
check('path → root', rootOf(hash(receipt.leaf_hash), index, size, path) === root);
const part = (list.parts ?? [list]).find((p) => p.lane === lane && p.roots.some((entry) => entry.batch === batch));
const entry = part?.roots.find((candidate) => candidate.batch === batch);
check(
  'root in the list',
  entry?.root === root &&
    list.vault === receipt.vault &&
    entry.tx_hash === tx_hash &&
    entry.ledger === ledger &&
    list.network_passphrase === receipt.network_passphrase,
);
let [last, value] = [part.after.batch, hash(part.after.chain)];
const values = part.roots.map((next) => {
  if (next.batch !== ++last) throw new Error(`batch ${last} is missing`);
  value = sha256(value, number(last), hash(next.root));
  return last >= batch ? value.toString('hex') : '';
});
console.log(`       the list leads to the chain value ${value.toString('hex')} after batch ${last}`);
if (chain !== '-')
  check('list → chain value', values.includes(chain) && (part.after.batch > 0 || /^0+$/.test(part.after.chain)));
if (jwksAt) check('signature', signedBy((await read(jwksAt)).keys, receipt));
