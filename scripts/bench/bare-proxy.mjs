// The baseline: a proxy that forwards and nothing else, as lean as undici allows. No checks, no limits, no money.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { serveBench } from './usage.mjs';

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 64, headersTimeout: 0, bodyTimeout: 0 });
const dropped = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'host']);

function kept(raw, text) {
  const pairs = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]);
    if (!dropped.has(name.toLowerCase())) pairs.push(name, text(raw[i + 1]));
  }
  return pairs;
}

const asIs = (value) => value;
const latin1 = (bytes) => bytes.latin1Slice();

function relay(res) {
  let wanted = -1;
  let got = 0;
  return {
    onRequestStart() {},
    onResponseStart(controller, status) {
      const pairs = kept(controller.rawHeaders, latin1);
      const at = pairs.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-length');
      if (at >= 0) wanted = Number(pairs[at + 1]);
      res.writeHead(status, pairs);
    },
    onResponseData(controller, chunk) {
      got += chunk.length;
      if (got === wanted) {
        res.end(chunk);
      } else if (!res.write(chunk)) {
        controller.pause();
        res.once('drain', () => controller.resume());
      }
    },
    onResponseEnd() {
      if (got !== wanted) res.end();
    },
    onResponseError() {
      res.destroy();
    },
  };
}

const server = createServer((req, res) => {
  const headers = kept(req.rawHeaders, asIs);
  headers.push('x-forwarded-for', req.socket.remoteAddress);
  const { method, url } = req;
  pool.dispatch({ method, path: url, headers, body: method === 'GET' || method === 'HEAD' ? null : req }, relay(res));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => serveBench({ port: server.address().port }));
