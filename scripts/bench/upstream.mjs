// A plain upstream that does nothing but answer.
import { createServer } from 'node:http';
import { serveBench } from './usage.mjs';

const body = Buffer.alloc(Number(process.argv[2]), 'x');
const fields = ['content-type', 'text/plain', 'content-length', String(body.length)];

const server = createServer((req, res) => {
  req.resume();
  res.writeHead(200, fields);
  res.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => serveBench({ port: server.address().port }));
