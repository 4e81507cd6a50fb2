import type { Clock } from '../clock.ts';
import { askPatiently } from './ask-patiently.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';

/** The roots a gateway publishes, part by part; `callora verify` decides what they are worth. */
export type PublishedPart = {
  lane: number;
  after: { batch: number; chain: string | null };
  roots: { batch: number; root: string; tx_hash: string | null; ledger: number }[];
};

export type PublishedRoots = { version: string; network_passphrase: string; vault: string; parts: PublishedPart[] };

/** A million batches in parts of 500. A gateway that goes on beyond is not asked further. */
const partsMax = 2_000;

/** All parts of a lane from the batch behind `after` on; those that join are made one. */
export async function fetchRoots(
  clock: Pick<Clock, 'sleep'>,
  gateway: string,
  lane: number,
  after = 0,
): Promise<PublishedRoots> {
  const parts: PublishedPart[] = [];
  let head = { version: '', network_passphrase: '', vault: '' };
  for (let cursor: string | null = String(after), asked = 0; cursor !== null; asked++) {
    if (asked === partsMax) throw new CliError('refused', `${gateway} publishes more than ${partsMax} parts of a lane`);
    const address = `/_callora/roots?lane=${lane}&cursor=${encodeURIComponent(cursor)}`;
    const answer = await askPatiently(clock, () => askGateway(gateway, address));
    const { part, next, ...rest } = readAnswer(gateway, answer);
    join(parts, part);
    head = rest;
    cursor = next;
  }
  return { ...head, parts };
}

export type LaneView = { lane: number; first_batch: number | null; last_batch: number; chain: string | null };

export async function fetchLanes(gateway: string): Promise<LaneView[]> {
  const { lanes } = await askGateway(gateway, '/_callora/roots');
  if (Array.isArray(lanes) && lanes.every((lane) => typeof lane?.lane === 'number')) return lanes;
  throw new CliError('refused', `${gateway} publishes no lanes`);
}

function join(parts: PublishedPart[], next: PublishedPart): void {
  const last = parts.at(-1);
  if (last && last.after.batch + last.roots.length === next.after.batch) last.roots.push(...next.roots);
  else parts.push(next);
}

/** Only the outer form: what stands in it is for the verifier to judge. */
function readAnswer(gateway: string, answer: Record<string, unknown>) {
  const { version, network_passphrase, vault, lane, after, roots, next } = answer as Partial<
    PublishedRoots & PublishedPart & { next: string | null }
  >;
  const texts = typeof version === 'string' && typeof network_passphrase === 'string' && typeof vault === 'string';
  if (!texts || typeof lane !== 'number' || typeof after?.batch !== 'number' || !Array.isArray(roots)) {
    throw new CliError('refused', `${gateway} answered with no list of roots`);
  }
  const part: PublishedPart = { lane, after, roots };
  return { version, network_passphrase, vault, part, next: typeof next === 'string' ? next : null };
}
