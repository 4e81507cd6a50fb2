import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProgram } from '../harness/children.mjs';

/** Caddy as a plain reverse proxy; on one core Go runs it on one processor. */
export const caddy = {
  name: 'Caddy',
  needs: ['caddy'],
  version: { command: 'caddy', args: ['version'] },
  start({ core, folder, port, upstreamPort }) {
    const file = path.join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive 1h
      keepalive_idle_conns_per_host 128
    }
  }
}
`,
    );
    const env = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
    const args = ['run', '--adapter', 'caddyfile', '--config', file];
    return startProgram({ name: 'caddy', core, command: 'caddy', args, env });
  },
};
