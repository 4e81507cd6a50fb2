import type { Units } from '../money.ts';
import type { PaymentRecord } from '../stellar/horizon-records.ts';
import type { NewClassicPayment } from '../store/classic-payments.ts';
import type { ClassicAliases } from './classic-alias.ts';
import type { ClassicVerdict, Reference } from './classic-rules.ts';

/** Finds the account that a payer named. What names no account stays without an owner until a person decides. */
export type AttributeDeps = {
  aliases: Pick<ClassicAliases, 'catchUp'>;
  /** The account a number was given to. */
  aliasOwner: (alias: string) => { accountId: number } | undefined;
  /** The account in the books, or undefined. */
  knownAccount: (address: string) => { id: number } | undefined;
  /** The account in the books, opened now if need be. */
  openAccount: (address: string) => { id: number };
  /** Which of these G… accounts exist on the network. */
  existing: (addresses: string[], signal?: AbortSignal) => Promise<Set<string>>;
};

export type Received = { record: PaymentRecord; verdict: Extract<ClassicVerdict, { kind: 'payment' }> };

export async function attribute(
  deps: AttributeDeps,
  received: Received[],
  terms: { to: string; min: Units },
  signal?: AbortSignal,
): Promise<NewClassicPayment[]> {
  if (received.length === 0) return [];
  deps.aliases.catchUp();
  const strangers = received
    .filter(({ verdict }) => verdict.amount >= terms.min)
    .flatMap(({ verdict: { reference } }) => (reference.kind === 'address' ? [reference.address] : []))
    .filter((address) => !deps.knownAccount(address));
  const existing = strangers.length === 0 ? new Set<string>() : await deps.existing([...new Set(strangers)], signal);

  function owner(reference: Reference): { accountId: number } | { note: string } {
    if (reference.kind === 'nobody') return { note: reference.why };
    if (reference.kind === 'alias') {
      return deps.aliasOwner(reference.alias) ?? { note: `the number ${reference.alias} was given to nobody` };
    }
    const { address } = reference;
    const known = deps.knownAccount(address) ?? (existing.has(address) ? deps.openAccount(address) : undefined);
    return known ? { accountId: known.id } : { note: `no account ${address} is known or exists` };
  }

  return received.map(({ record, verdict }) => {
    const found = owner(verdict.reference);
    const accountId = 'accountId' in found ? found.accountId : undefined;
    const small = verdict.amount < terms.min;
    return {
      operationId: record.id,
      ledger: record.ledger,
      closedAtMs: record.closedAtMs,
      txHash: record.txHash,
      from: verdict.from,
      to: terms.to,
      amount: verdict.amount,
      ...memoOf(record, verdict.reference),
      accountId,
      state: small ? 'below_min' : accountId === undefined ? 'unattributed' : 'due',
      note: 'note' in found ? found.note : undefined,
    };
  });
}

/** What the payer wrote, as a person can compare it with what the payer says. */
function memoOf({ memo }: PaymentRecord, reference: Reference): { memoType: string; memo: string | undefined } {
  // Under its own name the number would be given to its account as soon as that comes, whatever else the payer wrote.
  if (memo.type === 'id' && reference.kind !== 'alias') return { memoType: 'contradicted', memo: memo.text };
  if (memo.type !== 'none') return { memoType: memo.type, memo: memo.text };
  return reference.kind === 'alias'
    ? { memoType: 'muxed', memo: reference.alias }
    : { memoType: 'none', memo: undefined };
}
