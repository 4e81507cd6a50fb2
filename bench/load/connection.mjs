import { connect } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');

/**
 * One kept connection with one request under way at a time. `onAnswer(status)` is called when an answer is whole,
 * `onLost()` when the connection ends with a request under way. It connects again by itself.
 */
export function openConnection({ port, from, onReady, onAnswer, onLost }) {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let socket;
  let busy = false;
  let ended = false;
  let pending;

  function open() {
    pending = undefined;
    socket = connect({
      port,
      host: '127.0.0.1',
      localAddress: from,
      noDelay: true,
      onread: { buffer, callback: onData },
    });
    socket.on('connect', () => onReady(connection));
    socket.on('error', () => undefined);
    socket.on('close', onClose);
  }

  function onClose() {
    if (ended) return;
    const lost = busy;
    busy = false;
    if (lost) onLost(connection);
    if (!ended) setTimeout(open, lost ? 20 : 0);
  }

  function onData(length, bytes) {
    // Nearly every answer comes whole in one read, so it is looked at where it lies.
    const chunk =
      pending === undefined ? bytes.subarray(0, length) : Buffer.concat([pending, bytes.subarray(0, length)]);
    const answer = readAnswer(chunk);
    if (answer === undefined) {
      pending = pending === undefined ? Buffer.from(chunk) : chunk;
      return true;
    }
    pending = undefined;
    busy = false;
    if (answer.last) socket.destroy();
    onAnswer(connection, answer.status, !answer.last);
    return true;
  }

  const connection = {
    send(request) {
      busy = true;
      socket.write(request);
    },
    close() {
      ended = true;
      socket.destroy();
    },
  };
  open();
  return connection;
}

const kept = { status: 200, last: false };

function readAnswer(bytes) {
  const at = bytes.indexOf(headEnd);
  if (at < 0) return undefined;
  const head = bytes.latin1Slice(0, at).toLowerCase();
  const lengthAt = head.indexOf('\r\ncontent-length:');
  const length = lengthAt < 0 ? 0 : Number.parseInt(head.slice(lengthAt + 17, lengthAt + 30), 10);
  if (bytes.length < at + 4 + length) return undefined;
  const status = Number(head.slice(9, 12));
  const last = head.includes('\r\nconnection: close');
  return status === 200 && !last ? kept : { status, last };
}
