import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseUsdc, storedUnitsMax, type Units } from '../money.ts';
import { addressKind } from './address.ts';
import type { LimitDefault } from './limits-defaults.ts';
import type { Listen } from './model.ts';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from './quantity.ts';

/** One kind of YAML value each: what it must look like, and what it becomes. */

type Refusal = { refused: string };

function refuse(message: string): Refusal {
  return { refused: message };
}

function isRefusal(result: unknown): result is Refusal {
  return typeof result === 'object' && result !== null && 'refused' in result;
}

/** `expected` ends up in the problem; `quote` says that the value itself, put in quotes, is the fix. */
export type IssueParams = { expected: string; quote?: boolean };

export function field<T>(params: IssueParams, read: (value: unknown) => T | Refusal) {
  return z.unknown().transform((value, context): T => {
    const result = value === null ? refuse('has no value') : value === undefined ? refuse('is missing') : read(value);
    if (!isRefusal(result)) return result;
    context.issues.push({ code: 'custom', message: result.refused, params, input: value });
    return z.NEVER;
  });
}

function textField<T>(expected: string, read: (text: string) => T | Refusal) {
  return field({ expected }, (value) => (typeof value === 'string' ? read(value) : refuse('is not a text')));
}

export function textOf(expected: string) {
  return textField(expected, (value) => (value === '' ? refuse('is empty') : value));
}

export const text = textOf('a text');

export function oneOf<const T extends string>(...choices: T[]) {
  const expected = choices.join(' | ');
  return textField(expected, (value) => choices.find((choice) => choice === value) ?? refuse('is not one of these'));
}

export const flag = field({ expected: 'true | false' }, (value) => {
  // A value from the environment is always a text.
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return refuse('is neither true nor false');
});

/** USDC as quoted decimal text; a YAML number could have lost digits before anyone sees it. */
export const usdc = field<Units>(
  { expected: 'USDC as text in quotes with at most 7 decimals, such as "0.0005"', quote: true },
  (value) => {
    if (typeof value === 'number') return refuse('is a YAML number, which may lose digits; put it in quotes');
    const amount = typeof value === 'string' ? parseUsdc(value) : undefined;
    if (amount === undefined) return refuse('is not an amount of USDC');
    return amount <= storedUnitsMax ? amount : refuse('is more than one amount may be');
  },
);

/** A duration, size or count within the limit's range; the default fills in when the key is left out. */
export function limit(bound: LimitDefault) {
  return field({ expected: `${rangeText(bound)}` }, (value) => {
    const amount = readQuantity(bound.unit, value);
    if (typeof amount !== 'number') return amount;
    return amount >= bound.min && amount <= bound.max ? amount : refuse('is out of range');
  }).default(bound.default);
}

/** A limit that has no default of its own: it follows another setting when left out. */
export function optionalLimit(bound: LimitDefault) {
  return limit(bound).unwrap().optional();
}

function readQuantity(unit: LimitDefault['unit'], value: unknown): number | Refusal {
  switch (unit) {
    case 'count': {
      const amount = typeof value === 'string' && /^(0|[1-9][0-9]{0,14})$/.test(value) ? Number(value) : value;
      return typeof amount === 'number' && Number.isInteger(amount) ? amount : refuse('is not a whole number');
    }
    case 'ms':
      if (typeof value === 'number') return refuse('has no unit');
      return (typeof value === 'string' ? parseDurationMs(value) : undefined) ?? refuse('is not a duration');
    case 'bytes':
      if (typeof value === 'number') return refuse('has no unit');
      return (typeof value === 'string' ? parseSizeBytes(value) : undefined) ?? refuse('is not a size');
  }
}

function rangeText(bound: LimitDefault): string {
  switch (bound.unit) {
    case 'count':
      return `a whole number from ${bound.min} to ${bound.max}`;
    case 'ms':
      return `a duration from ${formatDuration(bound.min)} to ${formatDuration(bound.max)}, such as ${formatDuration(bound.default)}`;
    case 'bytes':
      return `a size from ${formatSize(bound.min)} to ${formatSize(bound.max)}, such as ${formatSize(bound.default)}`;
  }
}

/** Calls per second may be fractional: it is a rate, not money. */
export const perSecond = field({ expected: 'a number above 0, at most 1000000' }, (value) => {
  const amount = typeof value === 'string' && /^[0-9]{1,7}(\.[0-9]{1,6})?$/.test(value) ? Number(value) : value;
  return typeof amount === 'number' && amount > 0 && amount <= 1_000_000 ? amount : refuse('is not a rate');
});

export const listen = textField<Listen>('an address and a port, such as 127.0.0.1:8402 or [::1]:8402', (value) => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(0|[1-9][0-9]{0,4})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : refuse('is not an address and a port');
});

/** An http or https URL without user, password or fragment. */
export function url(options: { path: 'none' | 'plain' | 'any'; expected: string }) {
  return textField(options.expected, (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (!parsed || !/^https?:\/\//.test(value)) return refuse('is not an http or https URL');
    if (parsed.username || parsed.password) return refuse('carries a user or a password');
    if (value.includes('#')) return refuse('has a fragment');
    if (options.path !== 'any' && value.includes('?')) return refuse('has a query');
    if (options.path === 'none' && parsed.pathname !== '/') return refuse('has a path');
    if (parsed.port === '0') return refuse('names port 0');
    return parsed;
  });
}

/** An address such as 203.0.113.7 or a range such as 10.0.0.0/8 or 2001:db8::/32. */
export const addressRange = textField('an IP address, or a range such as 10.0.0.0/8', (value) => {
  const [ip = '', prefix, ...rest] = value.split('/');
  const bits = isIPv4(ip) ? 32 : isIPv6(ip) && !ip.includes('%') ? 128 : 0;
  const fits = prefix === undefined || (/^(0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= bits);
  return bits > 0 && fits && rest.length === 0 ? value : refuse('is not an IP address or range');
});

export function address(...kinds: ('account' | 'contract')[]) {
  const names = kinds.map((kind) => (kind === 'account' ? 'G…' : 'C…')).join(' or ');
  return textField(`a ${names} address of Stellar`, (value) => {
    const kind = addressKind(value);
    if (kind === 'muxed') return refuse('is a muxed account; name the account it belongs to');
    if (kind === undefined) return refuse('is no Stellar address: its form or its checksum is wrong');
    return kinds.some((wanted) => wanted === kind) ? value : refuse(`is not a ${names} address`);
  });
}
