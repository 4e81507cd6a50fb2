import { createHmac } from 'node:crypto';

/**
 * Signs one try of a delivery: the time, the delivery's id and the bytes of the body, so that neither can be exchanged
 * and an old try cannot be played back for long. docs/webhooks-verify.mjs is the other side.
 */
export function signatureOf(secret: string, message: { timeS: number; id: string; body: string }): string {
  const { timeS, id, body } = message;
  return `t=${timeS},v1=${createHmac('sha256', secret).update(`${timeS}.${id}.${body}`).digest('hex')}`;
}
