import { Address, xdr } from '@stellar/stellar-sdk/base';
import { units, zero } from '../../src/money.ts';
import {
  addressValue,
  bytesValue,
  i128Value,
  structValue,
  u32Value,
  u64Value,
} from '../../src/stellar/contract-values.ts';
import type { RawEvent } from '../../src/stellar/rpc-answers.ts';
import type { VaultAccount } from '../../src/stellar/vault-views.ts';

/** Events of the vault as the chain encodes them, for tests that need no chain. */

export type EventParts = { topics: xdr.ScVal[]; data: xdr.ScVal };

export function vaultAccount(state: Partial<VaultAccount> = {}): VaultAccount {
  const { deposited = zero, settled = zero, withdrawn = zero } = state;
  return {
    balance: units(deposited - settled - withdrawn),
    deposited,
    settled,
    withdrawn,
    requested: zero,
    unlockAtS: 0,
    limit: units(10n ** 15n),
    pendingLimit: undefined,
    pendingLimitAtS: 0,
    period: 0,
    used: zero,
    ...state,
  };
}

export function stateValue(state: VaultAccount): xdr.ScVal {
  return structValue({
    balance: i128Value(state.balance),
    deposited: i128Value(state.deposited),
    settled: i128Value(state.settled),
    withdrawn: i128Value(state.withdrawn),
    requested: i128Value(state.requested),
    unlock_at: u64Value(state.unlockAtS),
    limit: i128Value(state.limit),
    pending_limit: state.pendingLimit === undefined ? xdr.ScVal.scvVoid() : i128Value(state.pendingLimit),
    pending_limit_at: u64Value(state.pendingLimitAtS),
    period: u64Value(state.period),
    used: i128Value(state.used),
  });
}

export function eventParts(name: string, topics: xdr.ScVal[], fields: Record<string, xdr.ScVal>): EventParts {
  return { topics: [xdr.ScVal.scvSymbol(name), ...topics], data: structValue(fields) };
}

export function depositEvent(account: string, amount: bigint, state: VaultAccount, from = account): EventParts {
  return eventParts('deposit', [addressValue(account)], {
    from: addressValue(from),
    amount: i128Value(amount),
    id: xdr.ScVal.scvVoid(),
    state: stateValue(state),
  });
}

export function settledEvent(settled: { lane: number; batch: number; root: string; taken: bigint[] }): EventParts {
  const total = settled.taken.reduce((sum, taken) => (taken > 0n ? sum + taken : sum), 0n);
  return eventParts('settled', [u32Value(settled.lane), u64Value(settled.batch)], {
    root: bytesValue(Buffer.from(settled.root, 'hex')),
    chain: bytesValue(Buffer.alloc(32)),
    total: i128Value(total),
    taken: xdr.ScVal.scvVec(settled.taken.map(i128Value)),
  });
}

/** As getEvents shows it. */
export function rawEvent(
  contractId: string,
  parts: EventParts,
  place: Omit<RawEvent, 'contractId' | 'topicsXdr' | 'valueXdr'>,
): RawEvent {
  const topicsXdr = parts.topics.map((topic) => topic.toXdr('base64'));
  return { ...place, contractId, topicsXdr, valueXdr: parts.data.toXdr('base64') };
}

/** As getTransaction shows it. */
export function contractEventXdr(contractId: string, { topics, data }: EventParts): string {
  return new xdr.ContractEvent({
    ext: xdr.ExtensionPoint.v0(),
    contractId: new xdr.ContractId(Address.fromString(contractId).toBuffer()),
    type: xdr.ContractEventType.contract,
    body: xdr.ContractEventBody.v0(new xdr.ContractEventV0({ topics, data })),
  }).toXdr('base64');
}

/** An id as the chain counts them: ledger, transaction and operation in one number, then the event. */
export function eventId(ledger: number, index: number): string {
  return `${String(BigInt(ledger) << 32n).padStart(19, '0')}-${String(index).padStart(10, '0')}`;
}
