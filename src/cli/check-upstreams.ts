import type { Api, Config } from '../catalog/model.ts';
import { type Finding, fail, ok } from './finding.ts';
import { reasonOf } from './gateway-client.ts';

const probeMs = 5_000;

/** Any HTTP answer will do: what an upstream says to a stranger is its own affair. */
export async function checkUpstreams(config: Config): Promise<Finding[]> {
  return await Promise.all(config.apis.flatMap((api) => api.upstream.origins.map((origin) => probe(api, origin))));
}

async function probe({ name, upstream }: Api, origin: string): Promise<Finding> {
  const url = `${origin}${upstream.basePath}/`;
  try {
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(probeMs) });
    return ok(`upstream of ${name}`, `${url} answers (${answer.status})`);
  } catch (error) {
    return fail(`upstream of ${name}`, `${url} does not answer: ${reasonOf(error)}`);
  }
}
