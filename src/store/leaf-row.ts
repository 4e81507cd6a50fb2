import type { Units } from '../money.ts';

/** What one leaf of a batch says, before it is laid out in bytes: a call, or a debt carried over from another batch. */
export type LeafRow = CallLeafRow | CarryLeafRow;

export type CallLeafRow = {
  kind: 'call';
  callId: number;
  atMs: number;
  account: string;
  payee: string;
  api: string;
  method: string;
  template: string;
  status: number;
  price: Units;
  refund: Units;
};

export type CarryLeafRow = {
  kind: 'carry';
  /** The batch that could not take this amount. */
  fromLane: number;
  fromBatch: number;
  account: string;
  payee: string;
  amount: Units;
};
