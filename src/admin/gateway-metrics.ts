import { STATUS_CODES } from 'node:http';
import { Counter, type Registry } from 'prom-client';
import type { Route } from '../catalog/model.ts';
import type { CallRecord } from '../gateway/call-record.ts';
import type { GatewayMetrics } from '../gateway/deps.ts';
import { add, type Units, zero } from '../money.ts';
import {
  type Buckets,
  counterText,
  countOf,
  histogramText,
  merged,
  newBuckets,
  observe,
  type Series,
  sumOf,
} from './exposition.ts';
import { usdc } from './usdc-number.ts';

const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const overheadBounds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];

/** What the calls of one route template add up to, or those that reached no route. */
type Tally = {
  readonly labels: { api: string; route: string };
  /** A template, or the prefix of the gateway's own pages. */
  readonly httpRoute: string;
  readonly ends: Map<string, End>;
  /** The end counted last: most calls end like the one before. */
  last: End | undefined;
  charged: Units;
  refunded: Units;
};

/** One way in which calls end. */
type End = {
  readonly method: string;
  readonly status: number;
  readonly outcome: string;
  readonly minor: 0 | 1;
  readonly error: boolean;
  readonly durations: Buckets;
};

/** What the listener speaks. */
type Scheme = 'http' | 'https';

/**
 * What calls add up to. Labels come from the catalog or from lists in the code: a client that invents methods, statuses
 * or paths adds no series. The names of the duration and of its labels are OpenTelemetry's.
 */
export function gatewayMetrics(registers: Registry[]): GatewayMetrics & { text(scheme: Scheme): string } {
  // A reload makes new routes; those with one name go on with one tally.
  const tallies = new Map<string, Tally>();
  const ofRoute = new WeakMap<Route, Tally>();
  const overheads = newBuckets(overheadBounds);
  const upstreamFailures = new Counter({
    name: 'callora_upstream_failures_total',
    help: 'Calls that an upstream did not answer, by error type of RFC 9209; broken_off after its head had come',
    labelNames: ['api', 'kind'] as const,
    registers,
  });

  function named(labels: Tally['labels'], httpRoute: string): Tally {
    const key = `${labels.api} ${httpRoute}`;
    const known = tallies.get(key);
    if (known) return known;
    const tally = { labels, httpRoute, ends: new Map(), last: undefined, charged: zero, refunded: zero };
    tallies.set(key, tally);
    return tally;
  }

  function tallyOf(route: Route): Tally {
    const known = ofRoute.get(route);
    if (known) return known;
    const tally = named({ api: route.api.name, route: route.template }, route.template);
    ofRoute.set(route, tally);
    return tally;
  }

  return {
    ended(record) {
      const { route, own, outcome } = record;
      const tally = route ? tallyOf(route) : named({ api: '', route: '' }, own ?? '');
      // How long a WebSocket stays open says nothing about speed: its time is that of its handshake.
      observe(endOf(tally, record).durations, (record.socket?.openedMs ?? record.durationMs) / 1000);
      if (route === undefined) return;
      const kind = record.upstreamError ?? (outcome === 'upstream_broke' ? 'broken_off' : undefined);
      if (kind !== undefined) upstreamFailures.inc({ api: route.api.name, kind });
    },
    charged(at, amount) {
      const tally = tallyOf(at);
      tally.charged = add(tally.charged, amount);
    },
    refunded(at, amount) {
      const tally = tallyOf(at);
      tally.refunded = add(tally.refunded, amount);
    },
    overhead: (seconds) => observe(overheads, seconds),
    text: (scheme) => textOf([...tallies.values()], overheads, scheme),
  };
}

function endOf(tally: Tally, record: CallRecord): End {
  const { last } = tally;
  if (last && isSame(last, record.method, record.status, record)) return last;
  const method = methodLabel(record.method);
  const status = knownStatus(record.status);
  const key = `${method} ${status} ${record.minor} ${record.outcome}`;
  const end = tally.ends.get(key) ?? newEnd(method, status, record);
  tally.ends.set(key, end);
  tally.last = end;
  return end;
}

function isSame(end: End, method: string, status: number, { outcome, minor }: CallRecord): boolean {
  return end.status === status && end.outcome === outcome && end.minor === minor && end.method === method;
}

function newEnd(method: string, status: number, record: CallRecord): End {
  const { outcome, minor } = record;
  return { method, status, outcome, minor, error: isError(record), durations: newBuckets(durationBounds) };
}

function textOf(tallies: Tally[], overheads: Buckets, scheme: Scheme): string {
  const money = (of: (tally: Tally) => Units): Series<number>[] =>
    tallies.filter((tally) => of(tally) > 0n).map((tally) => ({ labels: tally.labels, value: usdc(of(tally)) }));
  return [
    counterText(
      'callora_requests_total',
      'Requests by how they ended; refusals carry their error code as outcome',
      merged(tallies.flatMap(requestSeries), (a, b) => a + b),
    ),
    histogramText(
      'http_server_request_duration_seconds',
      'Time of requests from head to last byte',
      merged(
        tallies.flatMap((tally) => durationSeries(tally, scheme)),
        sumOf,
      ),
    ),
    histogramText(
      'callora_overhead_seconds',
      'Time a forwarded call spends in the gateway itself until its first byte leaves',
      [{ labels: {}, value: overheads }],
    ),
    counterText(
      'callora_charged_usdc_total',
      'USDC charged',
      money(({ charged }) => charged),
    ),
    counterText(
      'callora_refunded_usdc_total',
      'USDC refunded before sealing',
      money(({ refunded }) => refunded),
    ),
  ].join('\n\n');
}

function requestSeries({ labels, ends }: Tally): Series<number>[] {
  return [...ends.values()].map(({ method, status, outcome, durations }) => ({
    labels: { ...labels, method, status: statusClass(status), outcome },
    value: countOf(durations),
  }));
}

function durationSeries({ httpRoute, ends }: Tally, scheme: Scheme): Series<Buckets>[] {
  return [...ends.values()].map(({ method, status, outcome, minor, error, durations }) => ({
    labels: {
      http_request_method: method,
      http_route: httpRoute,
      http_response_status_code: status === 0 ? '' : String(status),
      error_type: error ? outcome : '',
      url_scheme: scheme,
      network_protocol_version: minor === 1 ? '1.1' : '1.0',
    },
    value: durations,
  }));
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']);

/** Clients may invent methods: those of no standard share one label. */
function methodLabel(method: string): string {
  return methods.has(method) ? method : '_OTHER';
}

function statusClass(status: number): string {
  return status === 0 ? '' : `${Math.floor(status / 100)}xx`;
}

/** Upstreams may invent statuses; who does not know one reads it as the x00 of its class (RFC 9110). */
function knownStatus(status: number): number {
  return status !== 0 && STATUS_CODES[status] === undefined ? Math.floor(status / 100) * 100 : status;
}

function isError({ status, outcome }: CallRecord): boolean {
  return status === 0 || status >= 500 || (outcome !== 'completed' && outcome !== 'replayed' && status < 400);
}
