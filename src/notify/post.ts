import { promises as dns, type LookupAddress } from 'node:dns';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../clock.ts';
import { isPublicAddress } from '../public-address.ts';

/** What came of one request. A status below 300 has arrived. */
export type Posted = { status: number | undefined; error: string | undefined };

export type PostRequest = {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Lets the URL lead to a private address. */
  allowPrivate: boolean;
};

export type PostDeps = { clock: Clock; resolve?: (host: string) => Promise<LookupAddress[]> };

/** From the name to the last byte of the answer that is read. */
export const postTimeoutMs = 10_000;

/** Of an answer's body nothing is used; this much is read so that a receiver can end politely. */
const answerBytesMax = 16_384;

/**
 * Posts once, without following redirects. The host is resolved once, every address it has is checked, and the
 * connection goes to one of those: a name that answers otherwise a moment later leads nowhere else. An https
 * certificate is checked against the name. Never rejects.
 */
export async function post(deps: PostDeps, request: PostRequest, signal?: AbortSignal): Promise<Posted> {
  const url = new URL(request.url);
  const done = new AbortController();
  const bound = AbortSignal.any([done.signal, ...(signal ? [signal] : [])]);
  let sent: ClientRequest | undefined;
  let seen: Posted | undefined;
  const late = deps.clock.sleep(postTimeoutMs, bound).then((): Posted => {
    const error = signal?.aborted ? 'the gateway stops' : `no answer within ${postTimeoutMs / 1000} s`;
    return seen ?? { status: undefined, error };
  });
  try {
    const going = resolveChecked(deps, url, request.allowPrivate).then((addresses) => {
      if (typeof addresses === 'string') return { status: undefined, error: addresses };
      if (bound.aborted) return { status: undefined, error: 'too late' };
      const client = url.protocol === 'https:' ? https : http;
      sent = client.request(url, {
        method: 'POST',
        headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
        lookup: pinned(addresses),
        agent: false,
      });
      return answered(sent, request.body, (head) => {
        seen = head;
      });
    });
    return await Promise.race([going, late]);
  } finally {
    done.abort();
    sent?.destroy();
  }
}

/** All addresses of the host, or why none of them may be connected to. */
async function resolveChecked(deps: PostDeps, url: URL, allowPrivate: boolean): Promise<LookupAddress[] | string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const resolve = deps.resolve ?? ((name) => dns.lookup(name, { all: true }));
  try {
    const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
    if (addresses.length === 0) return `${host} has no address`;
    const inside = allowPrivate ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
    return inside ? `${host} leads to ${inside.address}, which is not a public address` : addresses;
  } catch (error) {
    return `${host} was not found: ${reasonOf(error)}`;
  }
}

/** Answers Node's question for addresses with those that were checked. */
function pinned(addresses: LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** The head decides; a body that is long, slow or broken changes nothing about it. */
function answered(sent: ClientRequest, body: string, onHead: (head: Posted) => void): Promise<Posted> {
  return new Promise((resolve) => {
    let head: Posted | undefined;
    sent.on('error', (error) => resolve(head ?? { status: undefined, error: reasonOf(error) }));
    // Node ends an answer that changes the protocol without an error.
    sent.on('close', () => resolve(head ?? { status: undefined, error: 'the connection ended without an answer' }));
    sent.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      head = { status, error: objection(status) };
      onHead(head);
      const read = head;
      void ended(answer).then(() => resolve(read));
    });
    sent.end(body);
  });
}

/** Read to its end, or as far as it is read at all. */
function ended(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) answer.destroy();
    });
    answer.on('error', () => resolve());
    answer.on('close', () => resolve());
  });
}

function objection(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  return status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host of several addresses fails with one error for each of them.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return first instanceof Error ? first.message : error.message || code;
}
