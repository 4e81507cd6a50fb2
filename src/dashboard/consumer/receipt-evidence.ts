import type { Receipt, RootsPart } from '../receipt-form.ts';
import { type Answer, ask } from '../shared/http.ts';
import type { Evidence } from '../verify-receipt.ts';
import { readService } from './gateway.ts';

/** What this gateway publishes about a batch. The chain value is not among it: only the vault's word counts there. */

/** 100 parts are 50,000 batches: a month at one a minute, and some 10 MB. */
const partsMax = 100;

type PartAnswer = RootsPart & { version: string; network_passphrase: string; vault: string; next: string | null };

export async function gatherEvidence(place: Receipt['place'], chain: string | undefined): Promise<Answer<Evidence>> {
  const [service, jwks, roots] = await Promise.all([
    readService(),
    ask('../../.well-known/jwks.json'),
    place ? readParts(place, chain !== undefined) : undefined,
  ]);
  if (!service.ok) return service;
  if (!jwks.ok) return jwks;
  if (roots && !roots.ok) return roots;
  const { vault, network_passphrase: networkPassphrase } = service.value;
  const wanted = chain === undefined ? undefined : { value: chain };
  return { ok: true, value: { vault, networkPassphrase, roots: roots?.value, chain: wanted, jwks: jwks.value } };
}

/** The part that begins with the batch, and when there is a chain value to arrive at, all that follow. */
async function readParts({ lane, batch }: NonNullable<Receipt['place']>, toTheEnd: boolean): Promise<Answer<unknown>> {
  const parts: PartAnswer[] = [];
  for (let cursor: string | null = String(batch - 1); cursor !== null; ) {
    if (parts.length === partsMax) {
      const detail = 'so many batches followed that a page is no place to check them: use `callora verify`';
      return { ok: false, status: 0, code: 'too_many', detail };
    }
    const answer: Answer<PartAnswer> = await ask<PartAnswer>(`../roots?lane=${lane}&cursor=${cursor}`);
    if (!answer.ok) return answer;
    parts.push(answer.value);
    cursor = toTheEnd ? answer.value.next : null;
  }
  const [first] = parts;
  if (!first) return { ok: true, value: undefined };
  const { version, network_passphrase, vault } = first;
  return { ok: true, value: { version, network_passphrase, vault, parts: joined(parts) } };
}

/** Parts that follow each other without a gap, as one to fold. */
function joined(parts: PartAnswer[]): RootsPart[] {
  return parts.reduce<RootsPart[]>((list, { lane, after, roots }) => {
    const last = list.at(-1);
    if (last && last.after.batch + last.roots.length === after.batch) last.roots.push(...roots);
    else list.push({ lane, after, roots: [...roots] });
    return list;
  }, []);
}
