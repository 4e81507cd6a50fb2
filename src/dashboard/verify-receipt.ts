import { base64url, fromBase64url, leafHashOf, nextChain, rootOfPath, text, thumbprint } from './receipt-bytes.ts';
import {
  FormError,
  findKey,
  type Receipt,
  type RootsList,
  type RootsPart,
  readReceipt,
  readRoots,
} from './receipt-form.ts';

/**
 * Checks a receipt layer by layer, in a browser or in any JavaScript with WebCrypto: no network, no trust in whoever made
 * it. Every layer answers for itself, so that a reader sees how far the proof reaches.
 */
export type Check = { name: CheckName; state: 'ok' | 'failed' | 'not_checked'; detail: string };

export type CheckName = 'form' | 'vault' | 'leaf' | 'path' | 'list' | 'fold' | 'chain' | 'signature';

export type Evidence = {
  /** The vault and network that the reader trusts, whatever the receipt says. */
  vault?: string | undefined;
  networkPassphrase?: string | undefined;
  /** A list of roots. */
  roots?: unknown;
  /** The chain value to arrive at: of the vault's last batch, or without `batch` that of any batch from the receipt's on. */
  chain?: { value: string; batch?: number | undefined } | undefined;
  /** A JWKS. */
  jwks?: unknown;
};

export const checkTitles: Record<CheckName, string> = {
  form: 'form of the receipt',
  vault: 'vault and network',
  leaf: 'leaf bytes → hash',
  path: 'path → root',
  list: 'root in the list',
  fold: 'list → chain value',
  chain: 'chain value = vault',
  signature: 'signature of the gateway',
};

export async function verifyReceipt(value: unknown, evidence: Evidence): Promise<Check[]> {
  if (globalThis.crypto?.subtle === undefined) {
    return [failed('form', 'this browser offers no cryptography here: open the page over https')];
  }
  let receipt: Receipt;
  try {
    receipt = readReceipt(value);
  } catch (error) {
    return [failed('form', reason(error))];
  }
  const list = readList(evidence.roots);
  const checks = [checkVault(receipt, evidence), await checkLeaf(receipt), await checkPath(receipt)];
  const found = checkList(receipt, list);
  return [
    ...checks,
    found.check,
    ...(await checkChain(receipt, found.part, evidence)),
    await checkSignature(receipt, evidence.jwks),
  ];
}

function checkVault(receipt: Receipt, { vault, networkPassphrase }: Evidence): Check {
  if (vault === undefined && networkPassphrase === undefined) return skipped('vault', 'no vault to compare with');
  if (vault !== undefined && vault !== receipt.vault) {
    return failed('vault', `the receipt is about ${receipt.vault}, not about ${vault}`);
  }
  if (networkPassphrase !== undefined && networkPassphrase !== receipt.network_passphrase) {
    return failed(
      'vault',
      `the receipt is about the network "${receipt.network_passphrase}", not "${networkPassphrase}"`,
    );
  }
  return ok('vault', receipt.vault);
}

async function checkLeaf({ vault, leaf, leaf_hash: said }: Receipt): Promise<Check> {
  try {
    const hash = await leafHashOf(vault, leaf);
    return hash === said ? ok('leaf', hash) : failed('leaf', `the leaf's bytes hash to ${hash}`);
  } catch (error) {
    return failed('leaf', reason(error));
  }
}

async function checkPath({ place, leaf_hash: hash, state }: Receipt): Promise<Check> {
  if (!place) return skipped('path', notInBatch(state));
  const root = await rootOfPath(hash, place);
  if (root === place.root) return ok('path', `leaf ${place.index + 1} of ${place.size}, root ${root}`);
  return failed('path', root === undefined ? 'the path does not fit the place' : `the path leads to ${root}`);
}

function readList(roots: unknown): RootsList | string | undefined {
  if (roots === undefined) return undefined;
  try {
    return readRoots(roots);
  } catch (error) {
    return reason(error);
  }
}

function checkList(receipt: Receipt, list: RootsList | string | undefined): { check: Check; part?: RootsPart } {
  const { place } = receipt;
  if (list === undefined) return { check: skipped('list', 'no list of roots') };
  if (typeof list === 'string') return { check: failed('list', list) };
  if (list.vault !== receipt.vault || list.network_passphrase !== receipt.network_passphrase) {
    return { check: failed('list', 'the list is about another vault or network') };
  }
  if (!place) return { check: skipped('list', notInBatch(receipt.state)) };
  const part = list.parts.find(
    ({ lane, after, roots }) =>
      lane === place.lane && after.batch < place.batch && place.batch <= after.batch + roots.length,
  );
  const entry = part?.roots[place.batch - part.after.batch - 1];
  const at = `batch ${place.batch} of lane ${place.lane}`;
  if (!part || !entry) return { check: failed('list', `${at} is not in the list`) };
  if (entry.root !== place.root)
    return { check: failed('list', `the root of ${at} in the list is ${entry.root}`), part };
  const elsewhere =
    (receipt.tx_hash !== null && entry.tx_hash !== null && entry.tx_hash !== receipt.tx_hash) ||
    (receipt.ledger !== null && entry.ledger !== null && entry.ledger !== receipt.ledger);
  if (elsewhere) return { check: failed('list', `the list names another transaction or ledger for ${at}`), part };
  return { check: ok('list', at), part };
}

async function checkChain(
  { place, state }: Receipt,
  part: RootsPart | undefined,
  { chain: wanted }: Evidence,
): Promise<[Check, Check]> {
  if (!place) return [skipped('fold', notInBatch(state)), skipped('chain', notInBatch(state))];
  if (!part) return [skipped('fold', 'no list to fold'), skipped('chain', 'no list to fold')];
  if (part.after.chain === null) {
    const why = `the chain value before batch ${part.after.batch + 1} is not known`;
    return [failed('fold', why), skipped('chain', why)];
  }
  const values = new Map<string, number>();
  let chain = part.after.chain;
  let atWanted: string | undefined;
  for (const { batch, root } of part.roots) {
    chain = await nextChain(chain, batch, root);
    if (batch >= place.batch) values.set(chain, batch);
    if (batch === wanted?.batch) atWanted = chain;
  }
  const last = part.after.batch + part.roots.length;
  const fold = ok('fold', `after batch ${last}: ${chain}`);
  if (!wanted) return [fold, skipped('chain', 'no chain value to compare with')];
  const { value, batch } = wanted;
  if (batch !== undefined && batch < place.batch) return [fold, failed('chain', `the vault is only at batch ${batch}`)];
  if (batch !== undefined && batch > last) {
    return [fold, failed('chain', `the list ends at batch ${last}, the vault is at ${batch}: save a newer list`)];
  }
  const reached = batch === undefined ? values.get(value) : atWanted === value ? batch : undefined;
  if (reached === undefined) return [fold, failed('chain', `the list does not lead to ${value}`)];
  return [fold, ok('chain', `after batch ${reached}: ${value}`)];
}

async function checkSignature(receipt: Receipt, jwks: unknown): Promise<Check> {
  if (jwks === undefined) return skipped('signature', 'no keys of the gateway');
  try {
    const [header = '', payload = '', signature = '', ...more] = receipt.signature.split('.');
    const kid = kidOf(header);
    if (more.length > 0 || kid === undefined) return failed('signature', 'this is no signature of a receipt');
    if (payload !== base64url(text(signedText(receipt))))
      return failed('signature', 'the signature is for another receipt');
    const x = findKey(jwks, kid);
    if (x === undefined || (await thumbprint(x)) !== kid)
      return failed('signature', `the key ${kid} is not in the set`);
    const bytes = fromBase64url(signature);
    const key = await crypto.subtle.importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x }, 'Ed25519', false, ['verify']);
    const good = bytes && (await crypto.subtle.verify('Ed25519', key, bytes, text(`${header}.${payload}`)));
    return good ? ok('signature', `key ${kid}`) : failed('signature', 'the signature is not by this key');
  } catch (error) {
    if (error instanceof Error && error.name === 'NotSupportedError') {
      return skipped('signature', 'this browser knows no Ed25519');
    }
    return failed('signature', reason(error));
  }
}

/** Undefined unless the header is exactly that of a receipt. */
function kidOf(header: string): string | undefined {
  const bytes = fromBase64url(header);
  const { kid }: { kid?: unknown } = bytes ? JSON.parse(new TextDecoder().decode(bytes)) : {};
  const expected = base64url(text(JSON.stringify({ alg: 'EdDSA', kid, typ: 'callora-receipt+jws' })));
  return typeof kid === 'string' && expected === header ? kid : undefined;
}

function signedText({ place, leaf_hash, network_passphrase, state, vault, version }: Receipt): string {
  const { batch = null, index = null, lane = null, root = null, size = null } = place ?? {};
  return JSON.stringify({ batch, index, lane, leaf_hash, network_passphrase, root, size, state, vault, version });
}

function notInBatch(state: string): string {
  if (state === 'unbatched') return 'nothing was due: the call is filed without a batch';
  if (state === 'settled_elsewhere')
    return 'its batch was lost with the books before a restore: only an older receipt proves it';
  return 'the call is in no batch yet';
}

function reason(error: unknown): string {
  if (error instanceof FormError || error instanceof Error) return error.message;
  return String(error);
}

function ok(name: CheckName, detail: string): Check {
  return { name, state: 'ok', detail };
}

function failed(name: CheckName, detail: string): Check {
  return { name, state: 'failed', detail };
}

function skipped(name: CheckName, detail: string): Check {
  return { name, state: 'not_checked', detail };
}
