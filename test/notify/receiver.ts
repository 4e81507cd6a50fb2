import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

/** A receiver of webhooks over a real socket; a test says how it answers. */
export type Receiver = {
  url: string;
  got: { headers: IncomingHttpHeaders; body: string; path: string }[];
  /** Connections that were made, requests or not. */
  connections(): number;
  close(): Promise<void>;
};

export async function startReceiver(
  answer: (res: ServerResponse, index: number) => void = (res) => void res.end('ok'),
): Promise<Receiver> {
  const got: Receiver['got'] = [];
  let connections = 0;
  const server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    req.on('end', () => {
      got.push({ headers: req.headers, body, path: req.url ?? '' });
      answer(res, got.length - 1);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    got,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
