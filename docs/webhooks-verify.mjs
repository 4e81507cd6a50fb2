// Checks that a webhook comes from your gateway: the whole of it, with nothing but Node. Copy it.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A signature is good for this long, s: an old request that somebody kept is worth nothing. */
const toleranceS = 300;

/**
 * True when the request was signed with one of `secrets`. `body` is the raw text, not what a JSON parser made of it.
 * Two secrets are given while one takes the place of the other.
 */
export function isFromCallora({ headers, body, secrets, nowS = Date.now() / 1000 }) {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(headers['callora-signature'] ?? '');
  if (!match) return false;
  const [, time, signature] = match;
  if (Math.abs(nowS - Number(time)) > toleranceS) return false;
  const signed = `${time}.${headers['callora-delivery']}.${body}`;
  return secrets.some((secret) => {
    const wanted = createHmac('sha256', secret).update(signed).digest();
    return timingSafeEqual(wanted, Buffer.from(signature, 'hex'));
  });
}
