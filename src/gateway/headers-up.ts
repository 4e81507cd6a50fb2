import type { Exchange } from './exchange.ts';
import type { FieldRules } from './fields.ts';
import type { Prepared } from './prepared.ts';

/** What the upstream learns about the call, all of it from us. */
export type CallIdentity = {
  account: string | undefined;
  callId: string;
  /** A signed JWT about the call, for APIs that want one. */
  context: string | undefined;
};

/**
 * The head for the upstream. First goes what the client's Connection names and what is hop-by-hop, then what only we
 * may say, then the client's credential; only after that are our fields added, so nothing a client sends can remove
 * or override them. Host and framing are the connection's to write.
 */
export function upstreamHeaders(
  exchange: Exchange,
  rules: FieldRules,
  prepared: Prepared,
  identity: CallIdentity,
): string[] {
  const { head, client } = exchange;
  const scheme = exchange.config.gateway.publicUrl.startsWith('https:') ? 'https' : 'http';
  const raw = exchange.request.fields;
  const headers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const name = rules.up(rawName);
    if (name === '' || prepared.secretNames.has(name)) continue;
    if (head.connectionNames !== undefined && isNamed(head.connectionNames, rawName)) continue;
    headers.push(rawName, raw[i + 1] ?? '');
  }
  headers.push(...prepared.secretFields);
  if (identity.account !== undefined) headers.push('callora-account', identity.account);
  if (identity.context !== undefined) headers.push('callora-context', identity.context);
  headers.push(
    'callora-call',
    identity.callId,
    'callora-price',
    prepared.price,
    'x-request-id',
    exchange.requestId,
    'via',
    head.minor === 1 ? '1.1 callora' : '1.0 callora',
    'x-forwarded-for',
    client.forwardedFor,
    'x-forwarded-proto',
    scheme,
    'x-forwarded-host',
    head.host,
    'forwarded',
    `${client.forwardedFirst};host="${head.host}";proto=${scheme}${client.forwardedRest}`,
  );
  return headers;
}

/**
 * Trailers for the upstream. Some servers merge them into the head, so no field passes here that the head's own rules
 * keep back: framing, identity, credentials.
 */
export function trailersUp(fields: string[], rules: FieldRules, prepared: Prepared): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = rules.trailerUp(fields[i] ?? '');
    if (name !== '' && !prepared.secretNames.has(name)) kept.push(fields[i] ?? '', fields[i + 1] ?? '');
  }
  return kept;
}

function isNamed(connectionNames: string[], rawName: string): boolean {
  return connectionNames.includes(rawName.toLowerCase());
}
