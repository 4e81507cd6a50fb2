/** One upstream of an API, as the running gateway sees it. */
export type UpstreamView = {
  api: string;
  origin: string;
  /** Calls may go there now. */
  up: boolean;
  breaker: 'closed' | 'open' | 'half_open';
  /** What its probes say; undefined without probes. */
  healthy: boolean | undefined;
  /** What its last probe failed of; undefined when it did not. */
  trouble?: string | undefined;
  /** Connections with a call, and without one. */
  calls: number;
  idle: number;
  /** Calls of the API that wait for a connection to any of its upstreams. */
  waiting: number;
};

/** Why an upstream gets no calls, in words of the configuration; undefined while it gets them. */
export function downReason({ up, healthy, trouble, breaker }: UpstreamView): string | undefined {
  if (up) return undefined;
  if (healthy === false) return trouble ? `fails its health probes: ${trouble}` : 'fails its health probes';
  return breaker === 'half_open' ? 'is tried by one call' : 'its last calls failed';
}
