import type { Upstream } from '../catalog/model.ts';
import type { ProbeRequest } from './probe.ts';

/**
 * For an answer to it, ms. Calls go on meanwhile, so that a long wait only opens a breaker later, and a short one would
 * take a busy upstream for a dead one.
 */
const questionMs = 10_000;

/**
 * What a target is asked when its calls have raised a doubt; any answer settles it. The path of its probes is known to be
 * answered. Without probes OPTIONS asks for nothing that an upstream does, and no cache answers in its place.
 */
export function ownQuestion({ health, basePath }: Upstream): ProbeRequest {
  const [method, path] = health ? (['GET', health.path] as const) : (['OPTIONS', `${basePath}/`] as const);
  return { method, path, timeoutMs: questionMs };
}
