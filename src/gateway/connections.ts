import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../catalog/model.ts';
import type { ErrorCode } from '../errors.ts';
import { addressGroup, plainAddress } from '../limits/addresses.ts';
import { createConcurrency } from '../limits/concurrency.ts';
import { ClientConnection, type ConnectionEvents } from './client-connection.ts';

export type Connections = {
  /**
   * Counts a new connection, before any handshake of TLS; false when too many are open. A plain one is told so, one that
   * expects a handshake can only be closed.
   */
  admits(raw: Socket, limits: GatewayLimits, isPlain: boolean): boolean;
  /** A counted connection speaks HTTP from here on; `raw` is what `admits` was asked about. */
  begin(socket: Duplex, raw: Socket, limits: GatewayLimits): void;
  /** Ends connections whose client had its time; called now and then. */
  checkTime(): void;
  /** Ends every connection at once. */
  destroyAll(): void;
  open(): number;
};

type ConnectionsDeps = {
  events: ConnectionEvents;
  /** Tells of a connection that is turned away, and makes the text for its client. */
  refusal(code: ErrorCode, address: string): string;
  /** Many clients come from the address of a trusted proxy, and only their requests say who they are. */
  isProxy(address: string): boolean;
};

/** Counts connections in all and per address, keeps them to look at their time, and tells each when its socket closes. */
export function createConnections({ events, refusal, isProxy }: ConnectionsDeps): Connections {
  const perAddress = createConcurrency<string>();
  const raws = new Set<Socket>();
  const all = new Set<ClientConnection>();

  return {
    admits(raw, limits, isPlain) {
      raw.on('error', () => raw.destroy());
      const address = addressOf(raw);
      const group = addressGroup(address);
      const addressMax = isProxy(address) ? limits.connectionsMax : limits.connectionsPerAddressMax;
      if (raws.size >= limits.connectionsMax || !perAddress.enter(group, addressMax)) {
        const text = refusal('overloaded', address);
        if (isPlain) turnAway(raw, text);
        else raw.destroy();
        return false;
      }
      raws.add(raw);
      raw.once('close', () => {
        raws.delete(raw);
        perAddress.leave(group);
      });
      return true;
    },
    begin(socket, raw, limits) {
      if (socket !== raw) socket.on('error', () => socket.destroy());
      const connection = new ClientConnection(socket, raw, addressOf(raw), limits, events);
      all.add(connection);
      socket.once('close', () => {
        all.delete(connection);
        connection.leave();
      });
    },
    checkTime() {
      const nowMs = events.nowMs();
      for (const connection of all) connection.checkTime(nowMs);
    },
    destroyAll() {
      for (const connection of all) connection.cutOff();
      for (const raw of raws) raw.destroy();
    },
    open: () => raws.size,
  };
}

function turnAway(raw: Socket, text: string): void {
  raw.end(text);
  raw.resume();
  raw.once('finish', () => raw.destroy());
}

function addressOf({ remoteAddress }: Socket): string {
  return plainAddress(remoteAddress ?? '');
}
