import { caddy } from './caddy.mjs';
import { callora, calloraDisk } from './callora.mjs';
import { haproxy, haproxyJwt } from './haproxy.mjs';
import { nginx } from './nginx.mjs';
import { bareUndici, fastify, httpProxy3 } from './node-proxies.mjs';

/** In the order in which they take their turns. */
export const targets = {
  bare: bareUndici,
  callora,
  disk: calloraDisk,
  nginx,
  haproxy,
  'haproxy-jwt': haproxyJwt,
  caddy,
  fastify,
  'http-proxy-3': httpProxy3,
};
