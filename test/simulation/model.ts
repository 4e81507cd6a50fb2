import { expect } from 'vitest';

/**
 * The world as an honest bookkeeper outside would write it down: what was deposited and withdrawn on chain, and what
 * became of each call. It shares nothing with the gateway and keeps no running sums: every figure is added up anew.
 */
export type CallState =
  /** Forwarded, and its price on hold. */
  | 'held'
  /** The process died while the charge was written: only the database can tell. */
  | 'charging'
  /** The answer has begun to leave. */
  | 'served'
  /** The process died while the end was written. */
  | 'ending'
  | 'finished'
  | 'refunded'
  /** Nothing was ever due. */
  | 'free';

export type ModelCall = {
  id: number;
  account: string;
  payee: string;
  price: bigint;
  token: string | undefined;
  state: CallState;
};
export type ModelAccount = { deposited: bigint; withdrawn: bigint; requested: bigint };

export class Model {
  readonly calls = new Map<number, ModelCall>();
  readonly accounts = new Map<string, ModelAccount>();

  account(address: string): ModelAccount {
    const known = this.accounts.get(address) ?? { deposited: 0n, withdrawn: 0n, requested: 0n };
    this.accounts.set(address, known);
    return known;
  }

  in(...states: CallState[]): ModelCall[] {
    return [...this.calls.values()].filter((call) => states.includes(call.state));
  }

  sum(of: Partial<ModelCall>, ...states: CallState[]): bigint {
    let sum = 0n;
    for (const call of this.in(...states)) {
      if (of.account !== undefined && of.account !== call.account) continue;
      if (of.payee !== undefined && of.payee !== call.payee) continue;
      if (of.token !== undefined && of.token !== call.token) continue;
      sum += call.price;
    }
    return sum;
  }

  charged(of: Partial<ModelCall>): bigint {
    return this.sum(of, 'served', 'finished', 'refunded');
  }

  refunded(of: Partial<ModelCall>): bigint {
    return this.sum(of, 'refunded');
  }

  /** After a crash the rows decide about what was being written, and about nothing else. */
  recover(rows: Map<number, { refunded: boolean }>): void {
    for (const call of this.calls.values()) {
      const row = rows.get(call.id);
      if (call.state === 'held') call.state = 'free';
      if (call.state === 'charging') call.state = row ? 'served' : 'free';
      if (call.state === 'ending') call.state = row?.refunded ? 'refunded' : 'served';
    }
    this.compare(rows);
  }

  /** Served ⇒ charged, charged ⇒ forwarded, and each refund is one that was due. */
  compare(rows: Map<number, { refunded: boolean }>): void {
    const due = new Map(this.in('served', 'finished', 'refunded').map((call) => [call.id, call.state === 'refunded']));
    expect(new Map([...rows].map(([id, { refunded }]) => [id, refunded]))).toEqual(due);
  }
}
