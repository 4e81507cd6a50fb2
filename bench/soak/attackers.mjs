import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The longest that a limit of two seconds may take on a busy machine, ms. */
const cutWithinMs = 30_000;

/** Floods of tokens that nobody issued: many at once on each connection, then a pause. */
export async function badTokens(tools) {
  const { chance, port } = tools;
  while (tools.goesOn()) {
    const burst = 60;
    const heads = Array.from({ length: burst }, () => {
      const { token } = chance.one(tools.payers);
      return `GET /soak/item/1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${spoilt(token, chance)}\r\n\r\n`;
    });
    const socket = connect({ port, host: '127.0.0.1' });
    const text = await readUntil(socket, heads.join(''), (read) => (read.match(/HTTP\/1\.1 /g)?.length ?? 0) >= burst);
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    for (const status of statuses)
      if (!['401', '503'].includes(status)) tools.fault(`a bad token was answered ${status}`);
    tools.count('badTokens', statuses.length);
    socket.destroy();
    await sleep(150);
  }
}

/** Nonsense, a token with another signature, one with other claims. */
function spoilt(token, chance) {
  const parts = token.split('.');
  const at = chance.below(60);
  const other = (text) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  return chance.one([
    () => 'x'.repeat(10 + chance.below(500)),
    () => `${parts[0]}.${parts[1]}.${other(parts[2])}`,
    () => `${parts[0]}.${other(parts[1])}.${parts[2]}`,
  ])();
}

/** A head that never ends, letter by letter. */
export function slowHead(tools) {
  return untilCut(tools, 'slowHeads', 'GET /soak/item/1 HTTP/1.1\r\nhost: a\r\nx-slow: ');
}

/** A body of which nothing more comes. */
export function slowBody(tools) {
  const { token } = tools.payers[0];
  const head = `POST /soak/up/1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-length: 100000\r\n\r\n`;
  return untilCut(tools, 'slowBodies', `${head}begin`, false);
}

async function untilCut(tools, what, first, drips = true) {
  while (tools.goesOn()) {
    const startMs = performance.now();
    const socket = connect({ port: tools.port, host: '127.0.0.1' });
    const drip = drips && setInterval(() => socket.write('a'), 200);
    await readUntil(socket, first, () => false);
    clearInterval(drip);
    if (performance.now() - startMs > cutWithinMs) tools.fault(`${what} are not cut in time`);
    tools.count(what);
    await sleep(100);
  }
}

function readUntil(socket, bytes, enough) {
  return new Promise((resolve) => {
    let text = '';
    const done = () => {
      clearTimeout(timer);
      resolve(text);
    };
    const timer = setTimeout(() => socket.destroy(), cutWithinMs + 1_000);
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      if (enough(text)) done();
    });
    socket.once('close', done).on('error', () => undefined);
    socket.write(bytes);
  });
}
