// A closed-loop load: every connection sends its next request when the answer to the last one is whole.
import { connect } from 'node:net';

/** Resolves with the number of good answers, the failures, and every latency in ms. */
export async function runLoad({ port, path, token, connections, seconds }) {
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: */*\r\nuser-agent: bench\r\n` +
      `${token ? `authorization: Bearer ${token}\r\n` : ''}\r\n`,
  );
  const result = { calls: 0, failed: 0, latenciesMs: [], seconds: 0 };
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => drive({ port, request, endMs, result })));
  result.seconds = (performance.now() - startMs) / 1000;
  return result;
}

function drive({ port, request, endMs, result }) {
  return new Promise((resolve) => {
    let socket;
    let sentMs = 0;
    let pending = Buffer.alloc(0);

    function open() {
      pending = Buffer.alloc(0);
      socket = connect({ port, host: '127.0.0.1', noDelay: true }, send);
      socket.on('data', onData);
      socket.on('error', () => {});
      // A server may end a connection after some number of requests: that is no failure between two answers.
      socket.on('close', () => {
        if (performance.now() < endMs) open();
        else resolve();
      });
    }

    function send() {
      sentMs = performance.now();
      socket.write(request);
    }

    function onData(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const answer = wholeAnswer(pending);
      if (!answer) return;
      const nowMs = performance.now();
      if (answer.status === 200) {
        result.calls++;
        result.latenciesMs.push(nowMs - sentMs);
      } else result.failed++;
      pending = Buffer.alloc(0);
      if (nowMs >= endMs) {
        socket.removeAllListeners('close');
        socket.destroy();
        resolve();
      } else if (answer.last) socket.end();
      else send();
    }

    open();
  });
}

function wholeAnswer(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.latin1Slice(0, headEnd).toLowerCase();
  const at = head.indexOf('\r\ncontent-length: ');
  const length = at < 0 ? 0 : Number.parseInt(head.slice(at + 18, at + 30), 10);
  if (bytes.length < headEnd + 4 + length) return undefined;
  return { status: Number(head.slice(9, 12)), last: head.includes('\r\nconnection: close') };
}
