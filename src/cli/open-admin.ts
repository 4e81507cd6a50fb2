import { listenText } from '../catalog/listen-text.ts';
import { isLoopback } from '../catalog/loopback.ts';
import type { Config } from '../catalog/model.ts';

/** What to tell of an operator's listener that was opened to other machines with `insecure_listen`; else undefined. */
export function openAdminWarning({ admin: { listen } }: Pick<Config, 'admin'>): string | undefined {
  if (isLoopback(listen.host)) return undefined;
  return `other machines reach the operator’s listener on ${listenText(listen)} without TLS: whoever can listen in on the way takes the admin token, and with it all that the operator may do`;
}
