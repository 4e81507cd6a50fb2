import { askUpstream } from '../app/ask-upstream.ts';
import type { Api, Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { type Finding, fail, ok } from './finding.ts';

const probeMs = 5_000;

export async function checkUpstreams(config: Config, clock: Clock): Promise<Finding[]> {
  const asked = config.apis.flatMap((api) => api.upstream.origins.map((origin) => ask(api, origin, clock)));
  return await Promise.all(asked);
}

/** Any HTTP answer will do, for what an upstream says to a stranger is its own affair; its health is what serving asks about. */
async function ask(api: Api, origin: string, clock: Clock): Promise<Finding> {
  const { basePath, health } = api.upstream;
  const check = `upstream of ${api.name}`;
  const path = `${basePath}/`;
  const says = await askUpstream(api, origin, { method: 'HEAD', path, timeoutMs: probeMs }, clock);
  if (!says.ok) return fail(check, `${origin}${path} does not answer: ${says.reason}`);
  if (!health) return ok(check, `${origin}${path} answers (${says.status})`);
  const well = await askUpstream(api, origin, { method: 'GET', ...health }, clock);
  if (well.ok && well.status >= 200 && well.status < 300)
    return ok(check, `${origin}${health.path} is well (${well.status})`);
  const answer = well.ok ? `answers ${well.status}` : `does not answer: ${well.reason}`;
  return fail(
    check,
    `${origin}${health.path} ${answer}, so it would get no calls: health.path wants a path that answers 2xx`,
  );
}
