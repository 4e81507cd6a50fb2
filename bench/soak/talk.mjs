import { setTimeout as sleep } from 'node:timers/promises';

const price = 10n;

/** Opens WebSockets one after the other, says something, and pays for each message that comes back. */
export async function talk(tools) {
  const { chance } = tools;
  while (tools.goesOn()) {
    const payer = chance.one(tools.payers);
    const socket = new WebSocket(`ws://127.0.0.1:${tools.port}/soak/live`, {
      headers: { authorization: `Bearer ${payer.token}` },
    });
    try {
      await event(socket, 'open');
      for (let left = 1 + chance.below(30); left > 0; left--) {
        const text = 'm'.repeat(1 + chance.below(900));
        const echo = event(socket, 'message');
        socket.send(text);
        if ((await echo).data !== text) tools.fault('an echo is not what was said');
        tools.owe(payer.account, price);
        tools.count('messages');
        await sleep(chance.below(20));
      }
      const closed = event(socket, 'close');
      socket.close(1000);
      await closed;
      tools.count('sockets');
    } catch (error) {
      tools.fault(`a WebSocket ended: ${error.message}`);
      socket.close();
      await sleep(100);
    }
  }
}

function event(socket, name) {
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const { signal } = stop;
    const end = (settle) => (value) => {
      stop.abort();
      settle(value);
    };
    socket.addEventListener(name, end(resolve), { signal });
    const lost = end((closing) =>
      reject(new Error(`${closing.code ?? closing.message ?? 'no reason'} while waiting for ${name}`)),
    );
    if (name !== 'close') socket.addEventListener('close', lost, { signal });
    socket.addEventListener('error', lost, { signal });
  });
}
