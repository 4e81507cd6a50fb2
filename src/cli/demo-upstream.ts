import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { answerChat, readChat } from './demo-chat.ts';
import { serveDemoSocket } from './demo-socket.ts';

/**
 * The service the sandbox sells: JSON, an echo of what arrived, server-sent events, chat completions, a WebSocket, and an error, so
 * that a visitor can see what is charged and what is not. It knows nothing of money and refuses calls without the upstream's secret.
 */
export type DemoUpstream = { url: string; close(): Promise<void> };

export async function startDemoUpstream(options: { secret: string; clock: Clock }): Promise<DemoUpstream> {
  const server = http.createServer((req, res) => {
    if (req.headers['x-api-key'] !== options.secret) return json(res, 401, { error: 'wrong or missing x-api-key' });
    const { pathname } = new URL(req.url ?? '/', 'http://demo');
    const city = /^\/forecast\/([^/]+)$/.exec(pathname)?.[1];
    if (city !== undefined) return json(res, 200, forecast(cityName(city), options.clock));
    // Each path in exactly one spelling: a second one would make the gateway's prices look leaky.
    switch (pathname) {
      case '/status':
        return json(res, 200, { status: 'ok' });
      case '/echo':
        return echo(req, res);
      case '/events':
        return events(req, res, options.clock);
      case '/live':
        return json(res, 426, { error: 'this path opens a WebSocket' });
      case '/v1/chat/completions':
        return chat(req, res, options.clock);
      case '/fail':
        return json(res, 500, { error: 'this route always fails, and a failure costs nothing' });
      default:
        return json(res, 404, { error: 'no such route', routes });
    }
  });
  const sockets = new Set<Duplex>();
  server.on('upgrade', (req, socket) => {
    if (req.headers['x-api-key'] !== options.secret || req.url !== '/live') {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveDemoSocket(req, socket, options.clock);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the demo upstream has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const routes = ['/status', '/forecast/:city', '/echo', '/events', '/live', '/v1/chat/completions', '/fail'];

function json(res: http.ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

/** The name as people write it; bytes that are no UTF-8 stay as they came. */
function cityName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The same city has the same weather within a day, so that a curl line looks alive without being random. */
function forecast(city: string, clock: Clock): Record<string, unknown> {
  const day = Math.floor(clock.nowMs() / 86_400_000);
  const mix = [...city].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9_973, day);
  const skies = ['clear', 'cloudy', 'rain', 'snow', 'fog'];
  return { city, celsius: (mix % 35) - 5, sky: skies[mix % skies.length] };
}

function echo(req: http.IncomingMessage, res: http.ServerResponse): void {
  withBody(req, (body) => {
    const { 'x-api-key': _secret, ...headers } = req.headers;
    json(res, 200, { method: req.method, headers, body });
  });
}

function chat(req: http.IncomingMessage, res: http.ServerResponse, clock: Clock): void {
  withBody(req, (body) => {
    const read = readChat(body);
    if (typeof read === 'string') json(res, 400, { error: { message: read, type: 'invalid_request_error' } });
    else void answerChat(res, read, clock);
  });
}

/** The gateway bounds what gets here. */
function withBody(req: http.IncomingMessage, use: (body: string) => void): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => use(Buffer.concat(chunks).toString('utf8')));
}

function events(req: http.IncomingMessage, res: http.ServerResponse, clock: Clock): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const gone = new AbortController();
  req.on('close', () => gone.abort());
  void (async () => {
    for (let id = 1; id <= 5 && !gone.signal.aborted; id++) {
      res.write(`id: ${id}\nevent: tick\ndata: {"tick":${id}}\n\n`);
      await clock.sleep(500, gone.signal);
    }
    res.end();
  })();
}
