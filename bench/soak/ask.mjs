import { request } from 'node:http';
import { parseUsdc } from '../../src/money.ts';

/** One call as an honest client makes it: what it was told it costs, and whether the answer came whole. */
export function ask({ agent, port, method = 'GET', path, token, body, headers = {}, pause }) {
  return new Promise((resolve) => {
    const fields = { ...headers, authorization: `Bearer ${token}` };
    if (body !== undefined) fields['content-length'] = body.length;
    const req = request({ agent, port, host: '127.0.0.1', method, path, headers: fields }, (res) => {
      const told = {
        status: res.statusCode,
        price: parseUsdc(res.headers['callora-price'] ?? '0') ?? 0n,
        call: res.headers['callora-call'],
        replayed: res.headers['idempotent-replayed'],
      };
      let bytes = 0;
      res.on('data', (chunk) => {
        bytes += chunk.length;
        if (pause === undefined) return;
        res.pause();
        setTimeout(() => res.resume(), pause());
      });
      res.once('close', () => resolve({ ...told, bytes, whole: res.complete }));
      res.on('error', () => undefined);
    });
    req.once('error', (error) => resolve({ status: 0, price: 0n, bytes: 0, whole: false, error: error.message }));
    req.end(body);
  });
}
