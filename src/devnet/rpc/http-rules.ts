/** What HTTP must be like before JSON-RPC is looked at, and how JSON-RPC answers over it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../log.ts';
import type { Exchange } from '../http.ts';
import { answerRequests, type Call } from './answer.ts';
import { readRequests } from './request.ts';

/** As the real server's limit. */
export const RPC_BODY_BYTES_MAX = 524_288;

/** Only a POST of JSON is a request; what is not gets plain text or nothing. */
export async function answerOverHttp({ req, res, body }: Exchange, call: Call, log: Log): Promise<void> {
  res.setHeader('accept-post', 'application/json');
  if (req.method !== 'POST') {
    res.writeHead(405).end();
    return;
  }
  const wrongType = contentTypeProblem(req);
  if (wrongType) return sendText(res, 415, wrongType);
  if (body === undefined) {
    res.setHeader('connection', 'close');
    return sendText(res, 500, 'http: request body too large');
  }
  const requests = readRequests(body);
  if (!requests) return sendText(res, 500, '[-32700] invalid request value');
  const answer = await answerRequests(requests, call, log);
  // A fault may have taken the place of the answer.
  if (res.headersSent || req.socket.destroyed) return;
  if (answer === undefined) {
    res.writeHead(204).end();
    return;
  }
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
  res.end(answer);
}

function contentTypeProblem({ headers }: IncomingMessage): string | undefined {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') return 'content-type must be application/json';
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim().replaceAll('"', ''));
    if (name === 'charset' && value !== 'utf-8' && value !== 'utf8') return 'invalid content-type charset';
  }
  return undefined;
}

function sendText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  res.end(`${text}\n`);
}
