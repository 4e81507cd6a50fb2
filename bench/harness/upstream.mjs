// The API that all proxies stand in front of: 256 bytes, as fast as they can be had.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, hasProgram, startProgram, untilListening } from './children.mjs';

const bodyBytes = 256;

/** nginx where there is one; else a server on `node:net`, which costs about half as much again. */
export async function startUpstream({ core, folder }) {
  const port = await freePort();
  const kind = hasProgram('nginx') ? 'nginx' : 'node:net';
  const program = kind === 'nginx' ? startNginx({ core, folder, port }) : startNode({ core, port });
  await untilListening(program, port);
  return { name: 'upstream', port, kind, pid: program.pid, stop: program.stop };
}

function startNginx({ core, folder, port }) {
  const file = path.join(folder, 'upstream.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/upstream.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off; default_type text/plain; keepalive_requests 1000000000; keepalive_timeout 1h;
  server { listen 127.0.0.1:${port} backlog=1024; location / { return 200 "${'x'.repeat(bodyBytes)}"; } }
}
`,
  );
  return startProgram({ name: 'upstream', core, command: 'nginx', args: ['-e', 'stderr', '-p', folder, '-c', file] });
}

function startNode({ core, port }) {
  const file = path.join(import.meta.dirname, '..', 'load', 'node-upstream.mjs');
  const args = [file, String(port), String(bodyBytes)];
  return startProgram({ name: 'upstream', core, command: process.execPath, args });
}
