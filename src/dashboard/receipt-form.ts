import type { Leaf } from './receipt-bytes.ts';

/** Receipts, lists of roots and keys as they come from a file or a server: read strictly, every fault by name. */

export type Receipt = {
  version: string;
  network_passphrase: string;
  vault: string;
  state: string;
  leaf: Leaf;
  leaf_hash: string;
  /** Null while the leaf is in no batch. */
  place: { lane: number; batch: number; root: string; index: number; size: number; path: string[] } | null;
  tx_hash: string | null;
  ledger: number | null;
  signature: string;
};

export type Root = { batch: number; root: string; tx_hash: string | null; ledger: number | null };

/** Roots of one lane without a gap; `after` is what the fold starts from. */
export type RootsPart = { lane: number; after: { batch: number; chain: string | null }; roots: Root[] };

export type RootsList = { network_passphrase: string; vault: string; parts: RootsPart[] };

/** More digits than a number keeps exactly would round silently. */
const sizeMax = 2 ** 30;

export class FormError extends Error {
  override readonly name = 'FormError';
}

export function readReceipt(value: unknown): Receipt {
  const receipt = record(value, 'the receipt');
  if (receipt.version !== 'callora.receipt.v1') throw new FormError('this is no receipt of version callora.receipt.v1');
  const state = text(receipt, 'state');
  const inBatch = ['sealed', 'submitted', 'confirmed'].includes(state);
  if (!inBatch && !['unsealed', 'unbatched', 'settled_elsewhere'].includes(state))
    throw new FormError(`state ${state} is not known`);
  for (const name of ['lane', 'batch', 'root', 'index', 'size', 'path']) {
    if ((receipt[name] === null) === inBatch) throw new FormError(`${name} does not fit the state ${state}`);
  }
  return {
    version: receipt.version,
    network_passphrase: text(receipt, 'network_passphrase'),
    vault: text(receipt, 'vault'),
    state,
    leaf: readLeaf(receipt.leaf),
    leaf_hash: hash(receipt, 'leaf_hash'),
    place: inBatch ? readPlace(receipt) : null,
    tx_hash: receipt.tx_hash === null ? null : hash(receipt, 'tx_hash'),
    ledger: receipt.ledger === null ? null : whole(receipt, 'ledger'),
    signature: text(receipt, 'signature'),
  };
}

/** A saved list, or one answer of `/_callora/roots?lane=…`, which is a list of one part. */
export function readRoots(value: unknown): RootsList {
  const list = record(value, 'the list of roots');
  if (list.version !== 'callora.roots.v1') throw new FormError('this is no list of roots of version callora.roots.v1');
  const parts = Array.isArray(list.parts) ? list.parts : [list];
  return {
    network_passphrase: text(list, 'network_passphrase'),
    vault: text(list, 'vault'),
    parts: parts.map(readPart),
  };
}

/** The x of the Ed25519 key with this kid; undefined when the set holds none. */
export function findKey(jwks: unknown, kid: string): string | undefined {
  const { keys } = record(jwks, 'the key set');
  if (!Array.isArray(keys)) throw new FormError('the key set has no list of keys');
  const key = keys.map((entry) => record(entry, 'a key')).find((entry) => entry.kid === kid);
  return key?.kty === 'OKP' && key.crv === 'Ed25519' ? text(key, 'x') : undefined;
}

function readLeaf(value: unknown): Leaf {
  const leaf = record(value, 'leaf');
  const who = { account: text(leaf, 'account'), payee: text(leaf, 'payee') };
  if (leaf.kind === 'carry') {
    const from = { from_lane: whole(leaf, 'from_lane'), from_batch: whole(leaf, 'from_batch') };
    return { kind: 'carry', ...from, ...who, amount: text(leaf, 'amount') };
  }
  if (leaf.kind !== 'call') throw new FormError('leaf.kind is neither call nor carry');
  return {
    kind: 'call',
    call: text(leaf, 'call'),
    ...who,
    api: text(leaf, 'api'),
    method: text(leaf, 'method'),
    route: text(leaf, 'route'),
    status: whole(leaf, 'status'),
    price: text(leaf, 'price'),
    refund: text(leaf, 'refund'),
    time_ms: whole(leaf, 'time_ms'),
  };
}

function readPlace(receipt: Record<string, unknown>): NonNullable<Receipt['place']> {
  const [index, size] = [whole(receipt, 'index'), whole(receipt, 'size')];
  if (index >= size || size > sizeMax) throw new FormError('index is not below size, or size is above 2^30');
  const path = Array.isArray(receipt.path) ? receipt.path : [];
  const siblings = path.map((sibling) => hash({ sibling }, 'sibling'));
  const place = { lane: whole(receipt, 'lane'), batch: whole(receipt, 'batch'), root: hash(receipt, 'root') };
  return { ...place, index, size, path: siblings };
}

function readPart(value: unknown): RootsPart {
  const part = record(value, 'a part of the list');
  const after = record(part.after, 'after');
  const first = whole(after, 'batch') + 1;
  if (!Array.isArray(part.roots)) throw new FormError('a part of the list has no roots');
  const roots = part.roots.map((entry, at) => {
    const root = record(entry, 'a root');
    if (root.batch !== first + at) throw new FormError(`batch ${String(root.batch)} of the list is out of order`);
    const ledger = root.ledger === null || root.ledger === undefined ? null : whole(root, 'ledger');
    const tx = root.tx_hash === null || root.tx_hash === undefined ? null : hash(root, 'tx_hash');
    return { batch: first + at, root: hash(root, 'root'), tx_hash: tx, ledger };
  });
  const chain = after.chain === null ? null : hash(after, 'chain');
  if (first === 1 && chain !== '0'.repeat(64)) throw new FormError('the chain does not start from 32 zero bytes');
  return { lane: whole(part, 'lane'), after: { batch: first - 1, chain }, roots };
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FormError(`${name} is no JSON object`);
}

function text(from: Record<string, unknown>, name: string): string {
  const value = from[name];
  if (typeof value === 'string' && value.length <= 10_000) return value;
  throw new FormError(`${name} is no text`);
}

function whole(from: Record<string, unknown>, name: string): number {
  const value = from[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FormError(`${name} is no whole number`);
}

function hash(from: Record<string, unknown>, name: string): string {
  const value = from[name];
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new FormError(`${name} is not 32 bytes in hex`);
}
