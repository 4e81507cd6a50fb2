import { Account, MuxedAccount, StrKey } from '@stellar/stellar-sdk/base';
import type { Horizon, HorizonRoot, PaymentsQuery } from '../../src/stellar/horizon.ts';
import { addressOf } from '../settlement/rig.ts';

/** A Horizon by script: it keeps the rules of pages and cursors, and breaks them as real servers and attackers do. */

export const depositAccount = addressOf('deposit account');
export const usdc = { code: 'USDC', issuer: addressOf('issuer') };

export type RawRecord = Record<string, unknown>;

export class ScriptedHorizon implements Horizon {
  latestLedger = 100;
  elderLedger = 1;
  /** Thrown instead of the next answers, whichever they are. */
  failures: Error[] = [];
  /** Replaces the next pages. */
  pages: ((records: unknown[]) => unknown[])[] = [];
  records: unknown[] = [];
  queries: PaymentsQuery[] = [];
  roots = 0;
  private operations = 0;

  /** A payment in the newest ledger, as Horizon shows it. */
  pay(amount: string, change: RawRecord = {}, memo: RawRecord = { memo_type: 'none' }): RawRecord {
    return this.add({ ...paymentFields(amount), ...change }, memo);
  }

  add(fields: RawRecord, memo: RawRecord = { memo_type: 'none' }): RawRecord {
    const id = String((BigInt(this.latestLedger) << 32n) + BigInt(4096 * ++this.operations + 1));
    const hash = this.operations.toString(16).padStart(64, '0');
    const record = {
      id,
      paging_token: id,
      transaction_successful: true,
      source_account: addressOf('payer'),
      created_at: new Date(closedAtMs(this.latestLedger)).toISOString(),
      transaction_hash: hash,
      transaction: { hash, successful: true, ...memo },
      ...fields,
    };
    this.records.push(record);
    return record;
  }

  async root(): Promise<HorizonRoot> {
    this.throwNext();
    this.roots++;
    const { latestLedger, elderLedger } = this;
    return { latestLedger, elderLedger, latestClosedAtMs: closedAtMs(latestLedger) };
  }

  async payments(query: PaymentsQuery): Promise<unknown[]> {
    this.throwNext();
    this.queries.push(query);
    const after = BigInt(query.cursor ?? 0);
    const elder = BigInt(this.elderLedger) << 32n;
    const listed = this.records.filter((record) => {
      const place = placeOf(record);
      return place === undefined || (place > after && place >= elder);
    });
    const page = listed.slice(0, query.limit);
    return this.pages.shift()?.(page) ?? page;
  }

  /** Ledger in which the account was last paid. */
  lastRecordLedger(): number {
    return this.records.reduce<number>((ledger, record) => Math.max(ledger, Number((placeOf(record) ?? 0n) >> 32n)), 1);
  }

  private throwNext(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
  }
}

/** Records that name no place are listed wherever they stand, as they would be in the middle of a page. */
function placeOf(record: unknown): bigint | undefined {
  const place = typeof record === 'object' && record !== null ? Reflect.get(record, 'paging_token') : undefined;
  return typeof place === 'string' && /^\d+$/.test(place) ? BigInt(place) : undefined;
}

export function paymentFields(amount: string): RawRecord {
  return {
    type: 'payment',
    type_i: 1,
    from: addressOf('payer'),
    to: depositAccount,
    asset_type: 'credit_alphanum4',
    asset_code: usdc.code,
    asset_issuer: usdc.issuer,
    amount,
  };
}

export function memoId(memo: string): RawRecord {
  return { memo_type: 'id', memo };
}

export function memoHash(address: string): RawRecord {
  return { memo_type: 'hash', memo: Buffer.from(StrKey.decodeEd25519PublicKey(address)).toString('base64') };
}

export function muxed(id: string, account = depositAccount): RawRecord {
  return { to_muxed: new MuxedAccount(new Account(account, '0'), id).accountId(), to_muxed_id: id };
}

export function closedAtMs(ledger: number): number {
  return 1_800_000_000_000 + ledger * 5_000;
}
