import { add, parseUsdc, storedUnitsMax, type Units, zero } from '../money.ts';
import type { Movement, PaymentMemo, PaymentRecord } from '../stellar/horizon-records.ts';

/** Which record of the deposit account's history is a payment, and to whose credit. Pure, and never a guess. */
export type ClassicVerdict =
  /** Failed, outgoing, another asset, or an operation that is no payment. */
  | { kind: 'ignored' }
  /** Money of ours may have moved, but how much cannot be booked: a person has to look. */
  | { kind: 'set_aside'; reason: string }
  | { kind: 'payment'; from: string; amount: Units; reference: Reference };

/** Whom the payer named. */
export type Reference =
  | { kind: 'address'; address: string }
  /** A number that the gateway gave to one account. */
  | { kind: 'alias'; alias: string }
  | { kind: 'nobody'; why: string };

export type ClassicTerms = {
  /** G… address of the deposit account. */
  account: string;
  asset: ClassicAsset;
};

export type ClassicAsset = { code: string; issuer: string };

/**
 * A payment counts by what arrived, in exactly the vault's asset: same code, same issuer, same type. Account creation,
 * merges and claimable balances carry no movement here, whatever else stands in their records.
 */
export function judgeRecord(record: PaymentRecord, terms: ClassicTerms): ClassicVerdict {
  if (!record.successful) return { kind: 'ignored' };
  const ours = record.movements.filter((movement) => isAsset(movement, terms.asset));
  const incoming = ours.filter(({ from, to }) => to === terms.account && from !== terms.account);
  const [first] = incoming;
  if (!first) return { kind: 'ignored' };
  if (ours.some(({ from }) => from === terms.account)) {
    return { kind: 'set_aside', reason: 'one operation moves money to the deposit account and away from it' };
  }
  const amount = sum(incoming);
  if (amount === undefined) return { kind: 'set_aside', reason: 'the amount is none the books can hold' };
  if (amount === 0n) return { kind: 'ignored' };
  return { kind: 'payment', from: first.from, amount, reference: readReference(record.memo, incoming) };
}

function isAsset({ assetType, assetCode, assetIssuer }: Movement, { code, issuer }: ClassicAsset): boolean {
  const type = code.length <= 4 ? 'credit_alphanum4' : 'credit_alphanum12';
  return assetType === type && assetCode === code && assetIssuer === issuer;
}

function sum(movements: Movement[]): Units | undefined {
  let total = zero;
  for (const movement of movements) {
    const amount = parseUsdc(movement.amount);
    if (amount === undefined) return undefined;
    total = add(total, amount);
  }
  return total <= storedUnitsMax ? total : undefined;
}

/** A number in a muxed address stands for a MEMO_ID. Two words about the receiver must be the same word. */
function readReference(memo: PaymentMemo, incoming: Movement[]): Reference {
  const muxedIds = new Set(incoming.map(({ muxedId }) => muxedId));
  const [muxedId] = muxedIds;
  if (muxedIds.size > 1) return nobody('one operation pays several sub-accounts');
  if (muxedId === 'unreadable') return nobody('the muxed address cannot be read');
  if (muxedId !== undefined && memo.type !== 'none' && !(memo.type === 'id' && memo.text === muxedId)) {
    return nobody('memo and muxed address name two receivers');
  }
  if (muxedId !== undefined) return { kind: 'alias', alias: muxedId };
  switch (memo.type) {
    case 'id':
      return { kind: 'alias', alias: memo.text };
    case 'hash':
      return { kind: 'address', address: memo.address };
    case 'none':
      return nobody('no memo');
    case 'text':
      return nobody('a text memo names nobody');
    case 'return':
      return nobody('a return memo names nobody');
    case 'unreadable':
      return nobody('the memo cannot be read');
  }
}

function nobody(why: string): Reference {
  return { kind: 'nobody', why };
}
