import type { ApiDraft } from './parse.ts';
import type { Report } from './report.ts';
import { fieldName, type Path } from './source.ts';

/** Exactly one of `upstream` and `upstreams`, and several that differ in nothing but their origin. */
export function checkUpstream({ settings, path: at }: ApiDraft, { source, problems }: Report): void {
  const { upstream, upstreams, tls } = settings;
  const add = (path: Path, message: string, expected: string) => problems.push(source.problem(path, message, expected));
  const isBroken = (key: string) => problems.some(({ field }) => field.startsWith(fieldName([...at, key])));
  if (isBroken('upstream')) return;
  if (upstream === undefined && upstreams === undefined) {
    add([...at, 'upstream'], 'is missing', 'where the calls go, such as http://127.0.0.1:9000/v1');
    return;
  }
  if (upstream !== undefined && upstreams !== undefined) {
    add([...at, 'upstreams'], 'stands beside upstream', 'only one of upstream and upstreams');
    return;
  }
  const urls = upstreams ?? (upstream ? [upstream] : []);
  const [first] = urls;
  if (!first) {
    add([...at, 'upstreams'], 'is empty', 'at least one URL');
    return;
  }
  const seen = new Set<string>();
  for (const [index, url] of urls.entries()) {
    const place = [...at, 'upstreams', index];
    if (url.pathname !== first.pathname) {
      // A call's path is fixed, signed and priced before anyone knows which of them it goes to.
      add(place, 'has another path than the first', `the path ${first.pathname}, as all of them`);
    } else if (url.protocol !== first.protocol) {
      add(place, 'has another scheme than the first', `${first.protocol}//, as all of them`);
    } else if (seen.has(url.origin)) {
      add(place, 'is listed twice', 'each upstream once');
    }
    seen.add(url.origin);
  }
  if (tls && first.protocol !== 'https:') {
    add([...at, 'tls'], 'is given for an upstream that is not https', 'an https upstream, or no tls');
  }
}
