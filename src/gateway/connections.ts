import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../catalog/model.ts';
import type { ErrorCode } from '../errors.ts';
import { addressGroup } from '../limits/addresses.ts';
import { createConcurrency } from '../limits/concurrency.ts';
import { ClientConnection, type ConnectionEvents } from './client-connection.ts';
import { rawRefusal } from './refuse.ts';

export type Connections = {
  /** Takes a new socket in, or answers it with 503 and ends it when too many are open. */
  accept(socket: Duplex, address: string, limits: GatewayLimits): void;
  /** Ends connections whose client had its time; called now and then. */
  checkTime(): void;
  /** Ends every connection at once. */
  destroyAll(): void;
  open(): number;
};

type ConnectionsDeps = {
  events: ConnectionEvents;
  onRefused(code: ErrorCode, address: string): void;
  /** Many clients come from the address of a trusted proxy, and only their requests say who they are. */
  isProxy(address: string): boolean;
};

/** Counts connections in all and per address, keeps them to look at their time, and tells each when its socket closes. */
export function createConnections({ events, onRefused, isProxy }: ConnectionsDeps): Connections {
  const perAddress = createConcurrency<string>();
  const all = new Set<ClientConnection>();

  return {
    accept(socket, address, limits) {
      socket.on('error', () => socket.destroy());
      const group = addressGroup(address);
      const addressMax = isProxy(address) ? limits.connectionsMax : limits.connectionsPerAddressMax;
      if (all.size >= limits.connectionsMax || !perAddress.enter(group, addressMax)) {
        onRefused('overloaded', address);
        socket.end(rawRefusal('overloaded'));
        socket.resume();
        socket.once('finish', () => socket.destroy());
        return;
      }
      const connection = new ClientConnection(socket, address, limits, events);
      all.add(connection);
      socket.once('close', () => {
        all.delete(connection);
        perAddress.leave(group);
        connection.leave();
      });
    },
    checkTime() {
      const nowMs = events.nowMs();
      for (const connection of all) connection.checkTime(nowMs);
    },
    destroyAll() {
      for (const { socket } of all) socket.destroy();
    },
    open: () => all.size,
  };
}
