import { connect } from 'node:net';
import { unchunk } from './unchunk.ts';

/** Sends raw bytes on a fresh connection and collects what comes until the server closes or `until` is satisfied. */
export function sendRaw(port: number, bytes: string | Buffer, until?: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(() => reject(new Error(`no end of the answer after 10 s: ${text}`)), 10_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.(text)) done();
    });
    socket.on('close', done).on('error', done);
  });
}

export type RawAnswer = { status: number; headers: Map<string, string>; names: string[]; body: string; raw: string };

/** Reads one answer that ended with its connection, behind informational heads; a repeated field is joined with a comma. */
export function readAnswer(raw: string): RawAnswer {
  const headEnd = raw.indexOf('\r\n\r\n');
  if (raw.startsWith('HTTP/1.1 1')) return { ...readAnswer(raw.slice(headEnd + 4)), raw };
  const [statusLine = '', ...lines] = raw.slice(0, headEnd).split('\r\n');
  const headers = new Map<string, string>();
  const names: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    names.push(name);
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const body = raw.slice(headEnd + 4);
  const chunked = headers.get('transfer-encoding') === 'chunked';
  return { status: Number(statusLine.split(' ')[1]), headers, names, body: chunked ? unchunk(body) : body, raw };
}
