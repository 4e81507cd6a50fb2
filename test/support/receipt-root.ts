import { createHash } from 'node:crypto';

/** A stranger's reading of docs/receipts.md: it uses nothing of Callora's own code. */

type Row = Record<string, string | number>;

export function recomputeRoot(batch: { vault: string; rows: Row[] }): string {
  return treeHash(batch.rows.map((row) => sha256(Buffer.concat([Buffer.of(0), leafBytes(batch.vault, row)])))).toString(
    'hex',
  );
}

/** The chain value after these roots, starting from the one before them. Hex. */
export function foldRoots(chain: string, roots: { batch: number; root: string }[]): string {
  return roots.reduce((before, { batch, root }) => {
    const link = before + batch.toString(16).padStart(16, '0') + root;
    return sha256(Buffer.from(link, 'hex')).toString('hex');
  }, chain);
}

function leafBytes(vault: string, row: Row): Buffer {
  const start = ['callora.leaf.v1', String(row.kind), vault];
  if (row.kind === 'carry') {
    return fields([
      ...start,
      BigInt(row.from_lane ?? 0),
      BigInt(row.from_batch ?? 0),
      text(row.account),
      text(row.payee),
      money(row.amount),
    ]);
  }
  return fields([
    ...start,
    BigInt(row.call ?? 0),
    text(row.account),
    text(row.payee),
    text(row.api),
    text(row.method),
    text(row.route),
    BigInt(row.status ?? 0),
    money(row.price),
    money(row.refund),
    BigInt(row.time_ms ?? 0),
  ]);
}

function fields(values: (string | bigint)[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const content = typeof value === 'string' ? Buffer.from(value) : Buffer.alloc(8);
      if (typeof value === 'bigint') content.writeBigUInt64BE(value);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(content.length);
      return [length, content];
    }),
  );
}

function text(value: string | number | undefined): string {
  return String(value);
}

function money(value: string | number | undefined): bigint {
  const [whole = '0', fraction = ''] = String(value).split('.');
  return BigInt(whole) * 10_000_000n + BigInt(fraction.padEnd(7, '0'));
}

function treeHash(hashes: Buffer[]): Buffer {
  const [only] = hashes;
  if (hashes.length === 1 && only) return only;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(Buffer.concat([Buffer.of(1), treeHash(hashes.slice(0, split)), treeHash(hashes.slice(split))]));
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
