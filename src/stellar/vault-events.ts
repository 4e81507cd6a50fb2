import { createHash } from 'node:crypto';
import { Address, xdr } from '@stellar/stellar-sdk/base';
import { type Units, zero } from '../money.ts';
import {
  readAddress,
  readBool,
  readHex,
  readI128,
  readOption,
  readStruct,
  readSymbol,
  readU32,
  readU64,
  readU64Exact,
  readVec,
} from './contract-values.ts';
import type { BrokenEvent, RawEvent } from './rpc-answers.ts';
import { readUnits, readVaultAccount, type VaultAccount } from './vault-views.ts';

/** What the vault said. Account events carry the account's whole state after the change; `onceId` is `deposit_once`'s id. */
export type VaultEventBody =
  | { kind: 'deposit'; account: string; from: string; amount: Units; onceId: bigint | undefined; state: VaultAccount }
  | { kind: 'withdraw_requested'; account: string; amount: Units; unlockAtS: number; state: VaultAccount }
  | { kind: 'withdraw_cancelled'; account: string; state: VaultAccount }
  | { kind: 'withdrawn'; account: string; to: string; amount: Units; cooperative: boolean; state: VaultAccount }
  | { kind: 'limit_set'; account: string; limit: Units; effectiveAtS: number; state: VaultAccount }
  | SettledBody
  | { kind: 'claimed' | 'fee_collected'; payee: string; lane: number; to: string; amount: Units }
  | { kind: 'payout_set'; payee: string; to: string }
  | { kind: 'payee_added' | 'payee_removed'; payee: string }
  | { kind: 'paused'; by: string; flags: number }
  | { kind: 'unpaused'; flags: number }
  | { kind: 'operator_set' | 'treasury_set' | 'admin_proposed' | 'admin_accepted'; address: string }
  | { kind: 'upgrade_proposed'; hash: string; applyAfterS: number; expiresAtS: number }
  | { kind: 'upgrade_applied' | 'upgrade_cancelled'; hash: string }
  | { kind: 'migrated'; version: number }
  | { kind: 'swept'; to: string; amount: Units };

/** `taken` in the order of the call's lines, −1 where the payee was not listed. Root and chain as hex. */
export type SettledBody = {
  kind: 'settled';
  lane: number;
  batch: number;
  root: string;
  chain: string;
  total: Units;
  taken: bigint[];
};

/** Where and when: `id` is the chain's own and unique. */
export type EventPlace = { id: string; ledger: number; closedAtMs: number; txHash: string };

export type VaultEvent = EventPlace & VaultEventBody;

/** A record nobody here can read: kept as it came, never in the way of the others. */
export type UnreadableEvent = EventPlace & { kind: 'unreadable'; reason: string; raw: string };

/** Decodes one record of getEvents. Never throws: what is odd becomes `unreadable` with a reason. */
export function decodeVaultEvent(raw: RawEvent | BrokenEvent, vault: string): VaultEvent | UnreadableEvent {
  if ('broken' in raw) {
    const ledger = raw.ledger ?? 0;
    const id = raw.id ?? `unnamed-${createHash('sha256').update(raw.text).digest('hex')}`;
    const place = { id, ledger, closedAtMs: 0, txHash: '' };
    return { ...place, kind: 'unreadable', reason: 'the record lacks fields that every event has', raw: raw.text };
  }
  const place = { id: raw.id, ledger: raw.ledger, closedAtMs: raw.closedAtMs, txHash: raw.txHash };
  try {
    if (raw.contractId !== vault) throw new Error(`the event is of contract ${raw.contractId}`);
    const topics = raw.topicsXdr.map((topic) => xdr.ScVal.fromXdr(topic, 'base64'));
    return Object.assign(place, readBody(topics, xdr.ScVal.fromXdr(raw.valueXdr, 'base64')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { ...place, kind: 'unreadable', reason, raw: JSON.stringify(raw).slice(0, 4_000) };
  }
}

/** The `settled` event among a transaction's contract events, or undefined. Other events are passed over unread. */
export function findSettled(contractEventsXdr: string[][], vault: string): SettledBody | undefined {
  return findEvent(contractEventsXdr, vault, 'settled');
}

/** What the one claim of a transaction paid, 0 where the vault tells of none: nothing was due any more. */
export function paidOut(
  contractEventsXdr: string[][],
  vault: string,
  claim: { kind: 'claimed' | 'fee_collected'; payee: string; lane: number },
): Units {
  const event = findEvent(contractEventsXdr, vault, claim.kind);
  return event?.payee === claim.payee && event.lane === claim.lane ? event.amount : zero;
}

function findEvent<Kind extends VaultEventBody['kind']>(
  contractEventsXdr: string[][],
  vault: string,
  kind: Kind,
): Extract<VaultEventBody, { kind: Kind }> | undefined {
  for (const text of contractEventsXdr.flat()) {
    try {
      const event = xdr.ContractEvent.fromXdr(text, 'base64');
      const [name] = event.body.value.topics;
      if (!event.contractId || Address.contract(event.contractId.toBytes()).toString() !== vault) continue;
      if (!name || readSymbol(name) !== kind) continue;
      const body = readBody(event.body.value.topics, event.body.value.data);
      if (body.kind === kind) return body as Extract<VaultEventBody, { kind: Kind }>;
    } catch {
      // Another contract's event in a form we do not know says nothing about ours.
    }
  }
  return undefined;
}

function readBody(topics: xdr.ScVal[], data: xdr.ScVal): VaultEventBody {
  const [nameTopic, first, second] = topics;
  if (!nameTopic) throw new Error('the event has no topics');
  const kind = readSymbol(nameTopic);
  const topic = (value: xdr.ScVal | undefined) => {
    if (!value) throw new Error(`the event "${kind}" lacks a topic`);
    return value;
  };
  const { field } = readStruct(data);
  switch (kind) {
    case 'deposit':
    case 'withdraw_requested':
    case 'withdraw_cancelled':
    case 'withdrawn':
    case 'limit_set':
      return readAccountEvent(kind, readAddress(topic(first)), field);
    case 'settled':
      return {
        kind,
        lane: readU32(topic(first)),
        batch: readU64(topic(second)),
        root: readHex(field('root'), 32),
        chain: readHex(field('chain'), 32),
        total: readUnits(field('total')),
        taken: readVec(field('taken'), readI128),
      };
    case 'claimed':
    case 'fee_collected':
    case 'payout_set':
    case 'payee_added':
    case 'payee_removed':
      return readPayeeEvent(kind, readAddress(topic(first)), field);
    default:
      return readAdministration(kind, field);
  }
}

type Field = (name: string) => xdr.ScVal;

function readAccountEvent(
  kind: 'deposit' | 'withdraw_requested' | 'withdraw_cancelled' | 'withdrawn' | 'limit_set',
  account: string,
  field: Field,
): VaultEventBody {
  const state = readVaultAccount(field('state'));
  switch (kind) {
    case 'deposit':
      return {
        kind,
        account,
        from: readAddress(field('from')),
        amount: readUnits(field('amount')),
        onceId: readOption(field('id'), readU64Exact),
        state,
      };
    case 'withdraw_requested':
      return { kind, account, amount: readUnits(field('amount')), unlockAtS: readU64(field('unlock_at')), state };
    case 'withdraw_cancelled':
      return { kind, account, state };
    case 'withdrawn':
      return {
        kind,
        account,
        to: readAddress(field('to')),
        amount: readUnits(field('amount')),
        cooperative: readBool(field('cooperative')),
        state,
      };
    case 'limit_set':
      return { kind, account, limit: readUnits(field('limit')), effectiveAtS: readU64(field('effective_at')), state };
  }
}

function readPayeeEvent(
  kind: 'claimed' | 'fee_collected' | 'payout_set' | 'payee_added' | 'payee_removed',
  payee: string,
  field: Field,
): VaultEventBody {
  switch (kind) {
    case 'claimed':
    case 'fee_collected': {
      const to = readAddress(field('to'));
      return { kind, payee, lane: readU32(field('lane')), to, amount: readUnits(field('amount')) };
    }
    case 'payout_set':
      return { kind, payee, to: readAddress(field('to')) };
    case 'payee_added':
    case 'payee_removed':
      return { kind, payee };
  }
}

function readAdministration(kind: string, field: Field): VaultEventBody {
  switch (kind) {
    case 'paused':
      return { kind, by: readAddress(field('by')), flags: readU32(field('flags')) };
    case 'unpaused':
      return { kind, flags: readU32(field('flags')) };
    case 'operator_set':
      return { kind, address: readAddress(field('operator')) };
    case 'treasury_set':
      return { kind, address: readAddress(field('treasury')) };
    case 'admin_proposed':
    case 'admin_accepted':
      return { kind, address: readAddress(field('admin')) };
    case 'upgrade_proposed': {
      const applyAfterS = readU64(field('apply_after'));
      return { kind, hash: readHex(field('hash'), 32), applyAfterS, expiresAtS: readU64(field('expires_at')) };
    }
    case 'upgrade_applied':
    case 'upgrade_cancelled':
      return { kind, hash: readHex(field('hash'), 32) };
    case 'migrated':
      return { kind, version: readU32(field('version')) };
    case 'swept':
      return { kind, to: readAddress(field('to')), amount: readUnits(field('amount')) };
    default:
      throw new Error(`the vault of this release has no event "${kind}"`);
  }
}
