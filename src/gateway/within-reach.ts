import type { Api } from '../catalog/model.ts';
import { lenientNames } from './lenient-path.ts';

/** Another API of which a call to `outer` may become one, on a server that both have in common. */
export type WithinReach = {
  api: Api;
  /** Where it lies behind the mount of `outer`, as a lenient upstream reads that. */
  prefix: string;
  /**
   * By its mount only a lenient upstream takes a path of `outer` for one of it, for the mount as it is written has calls
   * of its own. By its place on the server the path arrives there as it stands, however strict the server is.
   */
  by: 'mount' | 'place';
};

/**
 * What is mounted beneath `outer`, and what is sold anywhere else of the part of the server that `outer` forwards to. An
 * API with the same place on the server is none: whoever sells one server under two mounts means two prices for it.
 */
export function withinReach(outer: Api, apis: readonly Api[]): WithinReach[] {
  const found: WithinReach[] = [];
  for (const api of apis) {
    if (!api.upstream.origins.some((origin) => outer.upstream.origins.includes(origin))) continue;
    const mounted = beneath(outer.mount, api.mount);
    if (mounted !== undefined) found.push({ api, prefix: lenientNames(mounted), by: 'mount' });
    const placed = beneath(placeOf(outer), placeOf(api));
    if (placed === undefined || (mounted !== undefined && lenientNames(mounted) === placed)) continue;
    found.push({ api, prefix: placed, by: 'place' });
  }
  return found;
}

function beneath(outer: string, inner: string): string | undefined {
  return inner.startsWith(`${outer}/`) ? inner.slice(outer.length) : undefined;
}

function placeOf({ upstream }: Api): string {
  try {
    return lenientNames(upstream.basePath);
  } catch {
    // What is no encoding stays as it stands.
    return upstream.basePath;
  }
}
