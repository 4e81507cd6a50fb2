import type { Listen } from './model.ts';

/** As the catalog writes it: `127.0.0.1:8402`, `[::1]:8402`. */
export function listenText({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
