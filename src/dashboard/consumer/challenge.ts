/**
 * What a login challenge says, read from its bytes in the browser, so that its reader need not take the gateway's word
 * for what is to be signed. It reads exactly the shape that SEP-10 gives a challenge and refuses everything else. The
 * gateway's signature is not checked here: whoever could serve another key could serve another page.
 */
export type ChallengeTerms = {
  /** G… of who logs in. */
  account: string;
  /** G… that `stellar.toml` names as SIGNING_KEY. */
  serverKey: string;
  /** Names this gateway may go by: host, with and without port. */
  hosts: readonly string[];
  nowS: number;
};

/** Undefined when signing it can do nothing but log in here; otherwise the reason not to sign. */
export function challengeFault(xdr: string, terms: ChallengeTerms): string | undefined {
  const read = readChallenge(xdr);
  if (typeof read === 'string') return read;
  const server = publicKeyHex(terms.serverKey);
  if (read.sequence !== 0n) return 'it has a sequence number, so it could run as a transaction';
  if (server === undefined || read.source !== server) return 'it was made by another key than the gateway names';
  const { minTimeS, maxTimeS } = read;
  if (maxTimeS === 0 || terms.nowS < minTimeS - clockSkewS || terms.nowS > maxTimeS + clockSkewS) {
    return 'it is not for now: compare the clock of this device';
  }
  const [first, ...others] = read.entries;
  if (first === undefined || first.source !== publicKeyHex(terms.account)) return 'it is for another account';
  const host = first.name.endsWith(' auth') ? first.name.slice(0, -' auth'.length) : '';
  if (!terms.hosts.includes(host))
    return `it is for ${host || 'no name'}, and this page is at ${terms.hosts.join(' or ')}`;
  for (const { source, name, value } of others) {
    if (source !== server) return 'it holds an entry that is no part of a login';
    if (name === 'web_auth_domain' && !terms.hosts.includes(value)) return `the login is answered by ${value}`;
  }
  return undefined;
}

/** Clocks of two honest machines differ by this much at most, s. */
const clockSkewS = 300;

type Entry = { source: string; name: string; value: string };
type Challenge = { source: string; sequence: bigint; minTimeS: number; maxTimeS: number; entries: Entry[] };

const noChallenge = 'it is no login challenge but some other transaction';

function readChallenge(xdr: string): Challenge | string {
  try {
    const reader = createReader(xdr);
    reader.expect(2); // a plain transaction, no fee bump
    const source = reader.key();
    reader.bytes(4); // the fee, which is never paid
    const sequence = reader.big();
    reader.expect(1); // time bounds and no other condition
    const minTimeS = Number(reader.big());
    const maxTimeS = Number(reader.big());
    reader.expect(0); // no memo
    const entries = Array.from({ length: reader.count(10) }, () => readEntry(reader));
    reader.expect(0); // nothing that only smart contracts have
    for (let left = reader.count(20); left > 0; left--) {
      reader.bytes(4);
      reader.text(64);
    }
    return reader.atEnd() ? { source, sequence, minTimeS, maxTimeS, entries } : noChallenge;
  } catch {
    return noChallenge;
  }
}

function readEntry(reader: Reader): Entry {
  reader.expect(1); // a source of its own
  const source = reader.key();
  reader.expect(10); // manage data: the only operation of a login
  const name = reader.text(64);
  reader.expect(1);
  return { source, name, value: reader.text(64) };
}

type Reader = ReturnType<typeof createReader>;

/** XDR: big-endian, in steps of 4 bytes. Throws at the first thing that is not as expected. */
function createReader(base64: string) {
  const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(data.buffer);
  let at = 0;
  const bytes = (length: number) => {
    if (at + length > data.length) throw new Error('too short');
    at += length;
    return data.subarray(at - length, at);
  };
  const word = () => {
    bytes(4);
    return view.getUint32(at - 4);
  };
  const count = (max: number) => {
    const value = word();
    if (value > max) throw new Error('too many');
    return value;
  };
  const expect = (value: number) => {
    if (word() !== value) throw new Error('another shape');
  };
  return {
    bytes,
    count,
    expect,
    atEnd: () => at === data.length,
    big() {
      bytes(8);
      return view.getBigInt64(at - 8);
    },
    /** An ed25519 account, as hex. */
    key() {
      expect(0);
      return hex(bytes(32));
    },
    text(max: number) {
      const length = count(max);
      const content = new TextDecoder().decode(bytes(length));
      if (bytes((4 - (length % 4)) % 4).some((byte) => byte !== 0)) throw new Error('padding');
      return content;
    },
  };
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The 32 bytes of a G… address. Its checksum is the gateway's business: here it is only compared. */
function publicKeyHex(address: string): string | undefined {
  if (!/^G[A-Z2-7]{55}$/.test(address)) return undefined;
  let bits = 0n;
  for (const letter of address) bits = bits * 32n + BigInt(base32.indexOf(letter));
  // 35 bytes: version, key, two of checksum.
  return (bits >> 16n).toString(16).padStart(66, '0').slice(2);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
