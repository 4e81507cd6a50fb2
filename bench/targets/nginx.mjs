import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProgram } from '../harness/children.mjs';

/** nginx as a plain reverse proxy: one worker, kept connections on both sides, no access log. */
export const nginx = {
  name: 'nginx',
  needs: ['nginx'],
  version: { command: 'nginx', args: ['-v'] },
  start({ core, folder, port, upstreamPort }) {
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
  upstream api { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000000; keepalive_timeout 1h; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://api; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`,
    );
    return startProgram({ name: 'nginx', core, command: 'nginx', args: ['-e', 'stderr', '-p', folder, '-c', file] });
  },
};
