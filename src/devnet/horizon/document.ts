/** JSON as Horizon sends it: indented, for people who look at it in a browser. */
import type { ServerResponse } from 'node:http';

export const HAL = 'application/hal+json; charset=utf-8';

export function sendDocument(res: ServerResponse, status: number, document: unknown, contentType: string): void {
  const text = JSON.stringify(document, null, 2);
  res.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  res.end(text);
}
