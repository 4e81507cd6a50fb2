// The API that the soak sells: it answers, breaks off, hangs and talks nonsense as it is asked to, and counts for itself
// what it has delivered to whom at which price.
import { createServer } from 'node:http';
import { parseUsdc } from '../../src/money.ts';
import { echoSocket } from './echo-socket.mjs';

const bigBytes = 256 * 1024;
const piece = Buffer.alloc(16 * 1024, 'b');

export async function startFaultyUpstream(chance) {
  /** Units that each account owes for what was delivered whole. */
  const owed = new Map();
  /** Of accounts whose clients leave at any moment: how far each call came. */
  const calls = new Map();

  function owe({ headers }) {
    const account = headers['callora-account'];
    owed.set(account, (owed.get(account) ?? 0n) + parseUsdc(headers['callora-price']));
  }

  const server = createServer((req, res) => {
    // The gateway's own question, for nobody's account: whether it is there.
    if (req.headers['user-agent'] === 'callora-health') return res.end();
    const [, kind = '', detail = ''] = req.url.split('/');
    const call = { account: req.headers['callora-account'], answered: false };
    if (req.headers['x-soak'] === 'wild') calls.set(req.headers['callora-call'], call);
    const note = {
      head() {
        call.answered = true;
      },
      whole: () => owe(req),
    };
    answer(kind, detail, { req, res, chance, note }).catch(() => req.socket.destroy());
  });
  server.on('upgrade', (req, socket, head) => echoSocket(req, socket, head, () => owe(req)));
  server.keepAliveTimeout = 5_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    counted: () => ({ owed, calls }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(kind, detail, exchange) {
  const { req, chance } = exchange;
  switch (kind) {
    case 'up':
      for await (const _ of req);
      return whole(exchange, 'taken');
    case 'big':
      return big(exchange);
    case 'fault':
      return fault(detail, exchange);
    default:
      req.resume();
      return whole(exchange, 'x'.repeat(chance.below(400)));
  }
}

function whole({ res, note }, text) {
  note.head();
  res.writeHead(200, { 'content-type': 'text/plain', 'content-length': text.length }).end(text);
  note.whole();
}

/** Chunks, as fast as they are taken. */
async function big({ res, note }) {
  note.head();
  res.writeHead(200, { 'content-type': 'text/plain' });
  for (let sent = 0; sent < bigBytes; sent += piece.length) {
    if (res.write(piece)) continue;
    const left = await new Promise((resolve) => {
      res.once('drain', () => resolve(false)).once('close', () => resolve(true));
    });
    if (left) return;
  }
  res.end();
  note.whole();
}

function fault(detail, { req, res, chance, note }) {
  req.resume();
  switch (detail) {
    case 'status':
      return void res.writeHead(chance.one([500, 503, 404]), { 'content-length': 2 }).end('no');
    case 'nothing':
      return void req.socket.destroy();
    case 'nonsense':
      return void req.socket.end('this is no HTTP\r\n\r\n');
    case 'cut':
      // The head arrives by itself, so that it is charged before the end comes.
      note.head();
      res.writeHead(200, { 'content-length': 5_000 }).write('x'.repeat(1_000));
      return void setTimeout(() => req.socket.destroy(), 20);
    case 'cut-chunks':
      note.head();
      res.writeHead(200).write('x'.repeat(1_000));
      return void setTimeout(() => req.socket.destroy(), 20);
    default:
      // Never an answer: the gateway's own time runs out, or its client leaves.
      return undefined;
  }
}
