import { counted } from '../counted.ts';
import { type PolicySet, type RateKeys, takeAll } from '../limits/rate-policies.ts';
import type { Refusal } from './refuse.ts';

/**
 * Takes a call from all of these rates or refuses it. The RateLimit fields (draft-ietf-httpapi-ratelimit-headers) are one
 * list each with an item per policy, on refusals and answers alike; Retry-After is when the last of them lets a call in.
 */
export function overRate(fields: string[], set: PolicySet, keys: RateKeys, nowMs: number): Refusal | undefined {
  const taking = takeAll(set, keys, nowMs);
  addToList(fields, 'ratelimit-policy', set.text);
  addToList(fields, 'ratelimit', taking.standing);
  if (!taking.refusedBy) return undefined;
  const { name, rate } = taking.refusedBy;
  const detail = `the rate "${name}" lets ${counted(rate.perSecond, 'call')} a second in; try again in ${taking.retryAfterS} s`;
  return { ok: false, code: 'rate_limited', detail, fields: ['retry-after', String(taking.retryAfterS)] };
}

function addToList(fields: string[], name: string, items: string): void {
  const at = fields.indexOf(name);
  if (at < 0) fields.push(name, items);
  else fields[at + 1] += `, ${items}`;
}
