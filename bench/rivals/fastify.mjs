// @fastify/http-proxy at its defaults, without a log.   node fastify.mjs PORT UPSTREAM_PORT
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const server = fastify({ logger: false });
server.register(proxy, { upstream: `http://127.0.0.1:${upstreamPort}` });
await server.listen({ port, host: '127.0.0.1' });
