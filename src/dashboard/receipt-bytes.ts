/** docs/receipts.md in the browser's terms: bytes of a leaf, hashes of the tree, the fold of the roots. Nothing but WebCrypto. */

export type Bytes = Uint8Array<ArrayBuffer>;

export type Leaf =
  | {
      kind: 'call';
      call: string;
      account: string;
      payee: string;
      api: string;
      method: string;
      route: string;
      status: number;
      price: string;
      refund: string;
      time_ms: number;
    }
  | { kind: 'carry'; from_lane: number; from_batch: number; account: string; payee: string; amount: string };

/** RFC 6962 hash of a leaf, hex. Throws on a number or an amount that has no such form. */
export async function leafHashOf(vault: string, leaf: Leaf): Promise<string> {
  const fields =
    leaf.kind === 'call'
      ? [
          number(leaf.call),
          text(leaf.account),
          text(leaf.payee),
          text(leaf.api),
          text(leaf.method),
          text(leaf.route),
          number(leaf.status),
          amount(leaf.price),
          amount(leaf.refund),
          number(leaf.time_ms),
        ]
      : [number(leaf.from_lane), number(leaf.from_batch), text(leaf.account), text(leaf.payee), amount(leaf.amount)];
  const all = [text('callora.leaf.v1'), text(leaf.kind), text(vault), ...fields];
  return hex(await sha256(Uint8Array.of(0), ...all.flatMap((content) => [lengthOf(content), content])));
}

/** Where a path leads from this leaf hash; undefined when the path does not fit the place. Hex in, hex out. */
export async function rootOfPath(
  leafHash: string,
  { index, size, path }: { index: number; size: number; path: readonly string[] },
): Promise<string | undefined> {
  let node = fromHex(leafHash);
  let at = index;
  let last = size - 1;
  let used = 0;
  for (; last > 0; at = Math.floor(at / 2), last = Math.floor(last / 2)) {
    // The odd one at the end of a level moves up unpaired.
    if (at === last && at % 2 === 0) continue;
    const sibling = path[used++];
    if (sibling === undefined) return undefined;
    const pair = at % 2 === 1 ? [fromHex(sibling), node] : [node, fromHex(sibling)];
    node = await sha256(Uint8Array.of(1), ...pair);
  }
  return used === path.length ? hex(node) : undefined;
}

/** The chain value after a batch, from the one before it. Hex. */
export async function nextChain(chain: string, batch: number, root: string): Promise<string> {
  return hex(await sha256(fromHex(chain), number(batch), fromHex(root)));
}

/** RFC 7638 thumbprint of an Ed25519 key. */
export async function thumbprint(x: string): Promise<string> {
  return base64url(await sha256(text(`{"crv":"Ed25519","kty":"OKP","x":${JSON.stringify(x)}}`)));
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Undefined for a text that is not the one spelling of its bytes: spare bits or padding would give it several. */
export function fromBase64url(value: string): Bytes | undefined {
  try {
    const characters = atob(value.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    return base64url(bytes) === value ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}

function number(value: string | number): Bytes {
  const bytes = new Uint8Array(8);
  const integer = BigInt(value);
  if (String(integer) !== String(value) || integer < 0n || integer >= 2n ** 64n)
    throw new Error(`${value} is no number`);
  new DataView(bytes.buffer).setBigUint64(0, integer);
  return bytes;
}

/** Decimal USDC in its one spelling, as units of 1e-7. */
function amount(value: string): Bytes {
  const [, whole, fraction = ''] = /^(0|[1-9][0-9]*)(?:\.([0-9]{0,6}[1-9]))?$/.exec(value) ?? [];
  if (whole === undefined) throw new Error(`${value} is no amount`);
  return number(String(BigInt(whole + fraction.padEnd(7, '0'))));
}

function lengthOf(content: Bytes): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, content.length);
  return bytes;
}

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined));
}

function fromHex(value: string): Bytes {
  return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
