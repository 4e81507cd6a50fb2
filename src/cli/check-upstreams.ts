import { askUpstream } from '../app/ask-upstream.ts';
import type { Api, Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { type Finding, fail, ok } from './finding.ts';

const probeMs = 5_000;

/** Any HTTP answer will do: what an upstream says to a stranger is its own affair. */
export async function checkUpstreams(config: Config, clock: Clock): Promise<Finding[]> {
  const asked = config.apis.flatMap((api) => api.upstream.origins.map((origin) => ask(api, origin, clock)));
  return await Promise.all(asked);
}

async function ask(api: Api, origin: string, clock: Clock): Promise<Finding> {
  const url = `${origin}${api.upstream.basePath}/`;
  const says = await askUpstream(api, origin, probeMs, clock);
  return says.ok
    ? ok(`upstream of ${api.name}`, `${url} answers (${says.status})`)
    : fail(`upstream of ${api.name}`, `${url} does not answer: ${says.reason}`);
}
