import { connect } from 'node:net';

/** A client that leaves: somewhere in its head, its body or its answer, or before there can be one. */
export async function wildCall(tools, { token }) {
  const { chance } = tools;
  const fields = `host: a\r\nauthorization: Bearer ${token}\r\nx-soak: wild\r\n`;
  const get = (path) => `GET ${path} HTTP/1.1\r\n${fields}\r\n`;
  const post = `POST /soak/up/1 HTTP/1.1\r\n${fields}content-length: 200000\r\n\r\n${'u'.repeat(200_000)}`;
  const ways = [
    () => leave(tools, get('/soak/item/1').slice(0, chance.below(200)), { afterMs: chance.below(10) }),
    () => leave(tools, get('/soak/item/1'), { afterMs: chance.below(4) }),
    () => leave(tools, get('/soak/big'), { afterBytes: 1 + chance.below(200_000) }),
    () => leave(tools, post.slice(0, chance.below(post.length)), { afterMs: chance.below(20) }),
    () => leave(tools, get('/soak/fault/hang'), { afterMs: 20 + chance.below(100) }),
    () => leave(tools, get('/soak/fault/cut'), { afterMs: chance.below(40) }),
  ];
  tools.count('leftAtAnyMoment');
  await chance.one(ways)();
}

/** Sends and leaves, after a time or after so many bytes of the answer. */
function leave(tools, bytes, { afterMs, afterBytes }) {
  return new Promise((resolve) => {
    const socket = connect({ port: tools.port, host: '127.0.0.1', noDelay: true });
    let head = '';
    let read = 0;
    const go = () => socket.destroy();
    const timer = setTimeout(go, 10_000);
    socket.setEncoding('latin1').on('data', (text) => {
      read += text.length;
      if (head.length < 4_000) head += text;
      if (afterBytes !== undefined && read >= afterBytes) go();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      const call = /\r\ncallora-call: (\d+)\r\n/i.exec(head)?.[1];
      // Whoever has read of an answer that it costs something has paid for it, unless the upstream broke off.
      const price = /\r\ncallora-price: ([0-9.]+)\r\n/i.exec(head)?.[1];
      if (afterBytes !== undefined && head.includes('\r\n\r\n') && call !== undefined && price !== '0')
        tools.paid.add(call);
      resolve();
    });
    socket.once('connect', () => {
      socket.write(bytes);
      if (afterMs !== undefined) setTimeout(go, afterMs);
    });
  });
}
