import type { Exchange } from './exchange.ts';
import type { FieldRules, Verdict } from './fields.ts';
import { withoutOwnCookies } from './own-cookies.ts';
import type { Prepared } from './prepared.ts';
import { isTraceparent } from './trace-context.ts';

/** What the upstream learns about the call, all of it from us. */
export type CallIdentity = {
  account: string | undefined;
  callId: string;
  /** A signed JWT about the call, for APIs that want one. */
  context: string | undefined;
};

/**
 * The field lines for the upstream. First goes what the client's Connection names and what is hop-by-hop, then what only
 * we may say, then the client's credential; only after that are our fields added, so nothing a client sends can remove or
 * override them. Host and framing are the connection's to write. One text is built, for an array of pairs would only be
 * walked once more.
 */
export function upstreamLines(
  exchange: Exchange,
  rules: FieldRules,
  prepared: Prepared,
  identity: CallIdentity,
): string {
  const { head, client } = exchange;
  const { secretNames } = prepared;
  const raw = exchange.request.fields;
  let lines = '';
  let parent: string | undefined;
  let states = '';
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const { kind, name } = rules.up(rawName);
    if (kind === 'dropped' || (secretNames.size > 0 && secretNames.has(name))) continue;
    if (head.connectionNames !== undefined && isNamed(head.connectionNames, rawName)) continue;
    const value = raw[i + 1] ?? '';
    if (kind === 'plain') lines += `${rawName}: ${value}\r\n`;
    else if (kind === 'cookie') lines += lineUnlessEmpty(rawName, withoutOwnCookies(value));
    else if (kind === 'trailer') lines += lineUnlessEmpty(rawName, announced(value, rules.trailerUp, secretNames));
    // Two of them name no one parent.
    else if (kind === 'traceparent') parent = parent === undefined && isTraceparent(value) ? value : '';
    else states += `${rawName}: ${value}\r\n`;
  }
  if (parent) lines += `traceparent: ${parent}\r\n${states}`;
  const { account, context, callId } = identity;
  const payer = account === undefined ? '' : `callora-account: ${account}\r\n`;
  const signed = context === undefined ? '' : `callora-context: ${context}\r\n`;
  const scheme = exchange.config.gateway.publicUrl.startsWith('https:') ? 'https' : 'http';
  return (
    `${lines}${prepared.secretLines}${payer}${signed}callora-call: ${callId}\r\ncallora-price: ${prepared.price}\r\n` +
    `x-request-id: ${exchange.requestId}\r\nvia: 1.${head.minor} callora\r\n` +
    `x-forwarded-for: ${client.forwardedFor}\r\nx-forwarded-proto: ${scheme}\r\nx-forwarded-host: ${head.host}\r\n` +
    `forwarded: ${client.forwardedFirst};host="${head.host}";proto=${scheme}${client.forwardedRest}\r\n`
  );
}

/**
 * Trailers for the upstream. Some servers merge them into the head, so no field passes here that the head's own rules
 * keep back: framing, identity, credentials.
 */
export function trailersUp(fields: string[], rules: FieldRules, { secretNames }: Prepared): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const { kind, name } = rules.trailerUp(fields[i] ?? '');
    if (kind !== 'dropped' && !secretNames.has(name)) kept.push(fields[i] ?? '', fields[i + 1] ?? '');
  }
  return kept;
}

/** The names of a Trailer field that will pass behind the body. */
export function announced(
  value: string,
  judge: (rawName: string) => Verdict,
  secretNames: ReadonlySet<string>,
): string {
  const names = value.split(',').map((name) => name.trim());
  return names
    .filter((rawName) => {
      const { kind, name } = judge(rawName);
      return rawName !== '' && kind !== 'dropped' && !secretNames.has(name);
    })
    .join(', ');
}

function lineUnlessEmpty(name: string, value: string): string {
  return value === '' ? '' : `${name}: ${value}\r\n`;
}

function isNamed(connectionNames: string[], rawName: string): boolean {
  return connectionNames.includes(rawName.toLowerCase());
}
