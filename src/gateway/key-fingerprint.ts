import { createHash, createHmac } from 'node:crypto';
import type { Route } from '../catalog/model.ts';
import { fieldValues } from '../http1/field-values.ts';
import type { Exchange } from './exchange.ts';
import type { HeldBody } from './held-body.ts';

/** Fields that say what a body is, or what part of an answer is wanted. */
const fingerprinted = ['content-type', 'content-encoding', 'range'];

/** What a key stands for: method, API, path with query, the fields above, the body and what it goes on with behind it. */
export function fingerprintOf({ head, request }: Exchange, route: Route, body: HeldBody): Buffer {
  const fields = fingerprinted.map((name) =>
    fieldValues(request.fields, name)
      .map((value) => `${value},`)
      .join(''),
  );
  // None of the parts can hold a line end, so no two requests make one text.
  const text = [head.method, route.api.name, request.target, ...fields, body.digest(), ...body.trailers].join('\n');
  return createHash('sha256').update(text).digest();
}

/**
 * The request's fields with the key that goes up. An upstream that knows such keys sees one client, this gateway: two
 * accounts that chose the same key would get each other's answers. So the key is made of account and key, with a secret, or
 * someone could send another's on a route without a token. It is the same for each attempt.
 */
export function withUpstreamKey({ request, config }: Exchange, account: string, key: string): string[] {
  const hmac = createHmac('sha256', config.gateway.identitySecret);
  const upstreamKey = hmac.update(`callora idempotency-key\n${account}\n${key}`).digest('hex');
  const fields = [...request.fields];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] ?? '').toLowerCase() === 'idempotency-key') fields[i + 1] = upstreamKey;
  }
  return fields;
}
