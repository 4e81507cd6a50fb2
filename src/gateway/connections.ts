import type { Socket } from 'node:net';
import type { GatewayLimits } from '../catalog/model.ts';
import type { ErrorCode } from '../errors.ts';
import { plainAddress } from '../limits/addresses.ts';
import { createConcurrency } from '../limits/concurrency.ts';
import type { Connection } from './exchange.ts';
import { rawRefusal } from './refuse.ts';

export type Connections = {
  /** Takes a new socket in, or answers it with 503 and ends it when too many are open. */
  accept(socket: Socket, limits: GatewayLimits): void;
  /** Answers where there is no request to answer, and ends the connection. */
  end(socket: Socket, code: ErrorCode, detail: string | undefined): void;
  of(socket: Socket): Connection | undefined;
  open(): number;
};

/**
 * Counts connections in all and per address, and tells the calls of a connection when it closes: Node says so for the
 * answer being written, not for one that waits behind it in a pipeline.
 */
export function createConnections(onRefused: (code: ErrorCode, address: string) => void): Connections {
  const perAddress = createConcurrency<string>();
  const connections = new WeakMap<Socket, Connection>();
  let openCount = 0;

  return {
    accept(socket, limits) {
      socket.on('error', () => socket.destroy());
      const address = plainAddress(socket.remoteAddress ?? '');
      if (openCount >= limits.connectionsMax || !perAddress.enter(address, limits.connectionsPerAddressMax)) {
        onRefused('overloaded', address);
        socket.end(rawRefusal('overloaded'));
        socket.destroySoon();
        return;
      }
      openCount++;
      const connection: Connection = { address, exchanges: [], requests: 0, ended: false };
      connections.set(socket, connection);
      socket.once('close', () => {
        openCount--;
        perAddress.leave(address);
        for (const exchange of connection.exchanges) {
          exchange.clientGone = true;
          exchange.onGone?.();
        }
      });
    },
    end(socket, code, detail) {
      const connection = connections.get(socket);
      const exchanges = connection?.exchanges ?? [];
      // A running answer cannot be interrupted, only broken; a refusal stands.
      if (!socket.writable || exchanges.some((exchange) => !exchange.refused)) {
        socket.destroy();
        return;
      }
      if (exchanges.length === 0) {
        onRefused(code, connection?.address ?? '');
        socket.write(rawRefusal(code, detail));
      }
      socket.destroySoon();
    },
    of: (socket) => connections.get(socket),
    open: () => openCount,
  };
}
