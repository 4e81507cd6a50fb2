import type { Clock } from '../clock.ts';

/** How long a server asks to be left alone, ms: seconds or a date (RFC 9110, 10.2.3); undefined when it does not say. */
export function readRetryAfter(text: string | null, clock: Pick<Clock, 'nowMs'>): number | undefined {
  if (text === null) return undefined;
  const waitMs = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - clock.nowMs();
  return Number.isNaN(waitMs) ? undefined : Math.max(1_000, waitMs);
}
