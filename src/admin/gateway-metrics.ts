import { STATUS_CODES } from 'node:http';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Route } from '../catalog/model.ts';
import type { CallRecord } from '../gateway/call-record.ts';
import type { GatewayMetrics } from '../gateway/deps.ts';
import { usdc } from './usdc-number.ts';

/**
 * What calls add up to. Labels come from the catalog or from lists in the code: a client that invents methods, statuses
 * or paths adds no series. The names of the duration and of its labels are OpenTelemetry's.
 */
export function gatewayMetrics(registers: Registry[]): GatewayMetrics {
  const atRoute = ['api', 'route'] as const;
  const requests = new Counter({
    name: 'callora_requests_total',
    help: 'Requests by how they ended; refusals carry their error code as outcome',
    labelNames: [...atRoute, 'method', 'status', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time of requests from head to last byte',
    labelNames: [
      'http_request_method',
      'http_route',
      'http_response_status_code',
      'error_type',
      'url_scheme',
      'network_protocol_version',
    ] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    registers,
  });
  const overhead = new Histogram({
    name: 'callora_overhead_seconds',
    help: 'Time a forwarded call spends in the gateway itself until its first byte leaves',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers,
  });
  const charged = new Counter({
    name: 'callora_charged_usdc_total',
    help: 'USDC charged',
    labelNames: atRoute,
    registers,
  });
  const refunded = new Counter({
    name: 'callora_refunded_usdc_total',
    help: 'USDC refunded before sealing',
    labelNames: atRoute,
    registers,
  });
  const upstreamFailures = new Counter({
    name: 'callora_upstream_failures_total',
    help: 'Calls that an upstream did not answer, by error type of RFC 9209; broken_off after its head had come',
    labelNames: ['api', 'kind'] as const,
    registers,
  });
  return {
    ended(record) {
      const { route, own, status, outcome, durationMs } = record;
      const method = methodLabel(record.method);
      requests.inc({ ...routeLabels(route), method, status: statusClass(status), outcome });
      duration.observe(
        {
          http_request_method: method,
          http_route: route?.template ?? own ?? '',
          http_response_status_code: statusLabel(status),
          error_type: isError(record) ? outcome : '',
          url_scheme: 'http',
          network_protocol_version: record.minor === 1 ? '1.1' : '1.0',
        },
        durationMs / 1000,
      );
      if (route === undefined) return;
      const kind = record.upstreamError ?? (outcome === 'upstream_broke' ? 'broken_off' : undefined);
      if (kind !== undefined) upstreamFailures.inc({ api: route.api.name, kind });
    },
    charged: (at, amount) => charged.inc(routeLabels(at), usdc(amount)),
    refunded: (at, amount) => refunded.inc(routeLabels(at), usdc(amount)),
    overhead: (seconds) => overhead.observe(seconds),
  };
}

function routeLabels(route: Route | undefined): { api: string; route: string } {
  return route ? { api: route.api.name, route: route.template } : { api: '', route: '' };
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
function statusLabel(status: number): string {
  if (status === 0) return '';
  return String(STATUS_CODES[status] === undefined ? Math.floor(status / 100) * 100 : status);
}

function isError({ status, outcome }: CallRecord): boolean {
  return status === 0 || status >= 500 || (outcome !== 'completed' && status < 400);
}
