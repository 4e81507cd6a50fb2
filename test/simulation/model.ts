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
  /** Served, and the database that knew it is lost. Whether it was settled, nobody here knows. */
  | 'lost'
  /** Nothing was ever due. */
  | 'free';

export type ModelCall = {
  id: number;
  account: string;
  payee: string;
  price: bigint;
  token: string | undefined;
  state: CallState;
  /** Its refund was lost once, and it may have been settled in full before a copy that holds the refund came back. */
  refundLost?: boolean;
};

export type ModelAccount = {
  deposited: bigint;
  withdrawn: bigint;
  /** What the vault has taken for calls that are lost: no charge of the books will ever explain it. */
  elsewhere: bigint;
};

/** What a copy of the database holds. */
export type ModelCopy = { calls: Map<number, CallState>; elsewhere: Map<string, bigint> };

export class Model {
  readonly calls = new Map<number, ModelCall>();
  readonly accounts = new Map<string, ModelAccount>();

  account(address: string): ModelAccount {
    const known = this.accounts.get(address) ?? { deposited: 0n, withdrawn: 0n, elsewhere: 0n };
    this.accounts.set(address, known);
    return known;
  }

  begin(call: ModelCall): void {
    if (this.calls.has(call.id)) throw new Error(`the id of call ${call.id} was given to another before`);
    this.calls.set(call.id, call);
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
      if (of.refundLost !== undefined && of.refundLost !== call.refundLost) continue;
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

  /** What is due for the calls that the books hold. */
  net(of: Partial<ModelCall>): bigint {
    return this.charged(of) - this.refunded(of);
  }

  /**
   * After a crash the rows decide about what was being written, and about nothing else. Without power a refund may be gone
   * that was written: no answer hung on it.
   */
  recover(rows: Map<number, { refunded: boolean }>, powerLost = false): void {
    for (const call of this.calls.values()) {
      const row = rows.get(call.id);
      if (powerLost && call.state === 'refunded' && row && !row.refunded) call.state = 'served';
      if (call.state === 'held') call.state = 'free';
      if (call.state === 'charging') call.state = row ? 'served' : 'free';
      if (call.state === 'ending') call.state = row?.refunded ? 'refunded' : 'served';
    }
    this.compare(rows);
  }

  /** Served ⇒ charged, charged ⇒ forwarded, and each refund is one that was due. */
  compare(rows: Map<number, { refunded: boolean }>): void {
    const due = new Map(this.in(...kept).map((call) => [call.id, call.state === 'refunded']));
    expect(new Map([...rows].map(([id, { refunded }]) => [id, refunded]))).toEqual(due);
  }

  copy(): ModelCopy {
    return {
      calls: new Map(this.in(...kept).map(({ id, state }) => [id, state])),
      elsewhere: new Map([...this.accounts].map(([address, { elsewhere }]) => [address, elsewhere])),
    };
  }

  /** The database is gone, and a copy of it, or an empty one, takes its place: calls are in it or they are lost. */
  lose(copy: ModelCopy): void {
    for (const call of this.calls.values()) {
      const held = copy.calls.get(call.id);
      if (call.state === 'refunded' && held && held !== 'refunded') call.refundLost = true;
      const charged = ['served', 'ending', 'finished', 'lost'].includes(call.state);
      call.state = held ?? (charged ? 'lost' : 'free');
    }
    for (const [address, account] of this.accounts) account.elsewhere = copy.elsewhere.get(address) ?? 0n;
  }

  /**
   * Nothing of the lost process can land any more. What the vault has taken beyond all that is due for the calls of the
   * books was for calls that are lost, and for none twice.
   */
  takeOver(address: string, settled: bigint): void {
    const account = this.account(address);
    const beyond = settled - this.net({ account: address });
    if (beyond > account.elsewhere) account.elsewhere = beyond;
    expect(account.elsewhere <= this.lost({ account: address })).toBe(true);
  }

  /** What may have been taken without a charge of the books that asks for it. */
  lost(of: Partial<ModelCall>): bigint {
    return this.sum(of, 'lost') + this.sum({ ...of, refundLost: true }, 'refunded', 'free');
  }
}

const kept = ['served', 'finished', 'refunded'] as const;
