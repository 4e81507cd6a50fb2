import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProgram } from '../harness/children.mjs';

const version = { command: 'haproxy', args: ['-v'] };

/** HAProxy as a plain reverse proxy, in HTTP mode with one thread. */
export const haproxy = {
  name: 'HAProxy',
  needs: ['haproxy'],
  version,
  start: (at) => startHaproxy('haproxy', at, ''),
};

/** The same with what its documentation gives for bearer tokens: algorithm, issuer, expiry and signature, each call. */
export const haproxyJwt = {
  name: 'HAProxy + ES256',
  needs: ['haproxy'],
  version,
  tokens: 'es256',
  start: (at) =>
    startHaproxy(
      'haproxy-jwt',
      at,
      `  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${at.issuer} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${at.es256PublicKey}") -m int 1 }
`,
    ),
};

function startHaproxy(name, { core, folder, port, upstreamPort }, rules) {
  const file = path.join(folder, `${name}.cfg`);
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  option http-keep-alive
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port} backlog 1024
${rules}  default_backend api
backend api
  server api 127.0.0.1:${upstreamPort} pool-max-conn 128
`,
  );
  return startProgram({ name, core, command: 'haproxy', args: ['-db', '-f', file] });
}
