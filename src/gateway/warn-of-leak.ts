import type { Route } from '../catalog/model.ts';
import type { Log } from '../log.ts';

/** An upstream that repeats what it was sent would hand its own key to every consumer; its owner should know. */
export function warnOfLeak({ log }: { log: Log }, { api, template }: Route, field: string): void {
  log.warn({ api: api.name, route: template, field }, 'the upstream sent a secret back; the field was left out');
}
