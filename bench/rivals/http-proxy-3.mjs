// http-proxy-3 with kept connections to the upstream.   node http-proxy-3.mjs PORT UPSTREAM_PORT
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 64 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${upstreamPort}`, agent, xfwd: true });
proxy.on('error', (_error, _req, res) => res.destroy());
createServer((req, res) => proxy.web(req, res)).listen(port, '127.0.0.1');
