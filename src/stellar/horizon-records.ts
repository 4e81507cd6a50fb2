import { MuxedAccount, StrKey } from '@stellar/stellar-sdk/base';
import { isRecord } from './json-rpc.ts';

/** One record of an account's payments: what moved, and what the payer wrote to it. */
export type PaymentRecord = {
  /** Operation id and place on chain: ledger, transaction and operation in one number, as decimal text. */
  id: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  /** Horizon's name of the operation. */
  type: string;
  successful: boolean;
  memo: PaymentMemo;
  /** Empty for operations that pay nobody by address: account creation, merges, claimable balances. */
  movements: Movement[];
};

export type PaymentMemo =
  | { type: 'none' }
  /** A 64-bit number in its only decimal form. */
  | { type: 'id'; text: string }
  /** 32 bytes, and the account whose key they would be. */
  | { type: 'hash'; text: string; address: string }
  | { type: 'text' | 'return' | 'unreadable'; text: string };

export type Movement = {
  from: string;
  /** G… or C… address; of a muxed address, the account behind it. */
  to: string;
  /** The number in a muxed address, kept as text; `unreadable` where the record contradicts itself. */
  muxedId: string | 'unreadable' | undefined;
  assetType: string;
  assetCode: string;
  assetIssuer: string;
  /** What arrived, as decimal text. */
  amount: string;
};

/** A record that cannot be read, with its place on chain where that much is clear. */
export type BrokenRecord = { broken: string; id: string | undefined; raw: string };

/** Longer records are cut when they are kept for a person. */
const rawCharactersMax = 4_000;

export function decodePaymentRecord(raw: unknown): PaymentRecord | BrokenRecord {
  const id = isRecord(raw) ? placeOf(raw) : undefined;
  try {
    if (!isRecord(raw) || id === undefined) throw new Unreadable('the record names no place on chain');
    return readRecord(raw, id);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { broken: error.message, id, raw: JSON.stringify(raw).slice(0, rawCharactersMax) };
  }
}

/** The ledger of a place on chain. */
export function ledgerOfPlace(id: string): number {
  return Number(BigInt(id) >> 32n);
}

class Unreadable extends Error {}

const placeMax = 2n ** 63n - 1n;

function placeOf(raw: Record<string, unknown>): string | undefined {
  const { paging_token: place } = raw;
  if (typeof place !== 'string' || !/^[1-9][0-9]{0,18}$/.test(place) || BigInt(place) > placeMax) return undefined;
  return place;
}

function readRecord(raw: Record<string, unknown>, id: string): PaymentRecord {
  if (raw.id !== id) throw new Unreadable('the operation id is not its place on chain');
  if (typeof raw.transaction_successful !== 'boolean') throw new Unreadable('no word on whether it succeeded');
  const txHash = text(raw, 'transaction_hash');
  if (!/^[0-9a-f]{64}$/.test(txHash)) throw new Unreadable('the transaction hash is none');
  const closedAtMs = Date.parse(text(raw, 'created_at'));
  if (Number.isNaN(closedAtMs)) throw new Unreadable('the time is none');
  const type = text(raw, 'type');
  return {
    id,
    ledger: ledgerOfPlace(id),
    closedAtMs,
    txHash,
    type,
    successful: raw.transaction_successful,
    memo: readMemo(raw.transaction, txHash),
    movements: readMovements(raw, type),
  };
}

const paymentTypes = ['payment', 'path_payment', 'path_payment_strict_receive', 'path_payment_strict_send'];

function readMovements(raw: Record<string, unknown>, type: string): Movement[] {
  if (paymentTypes.includes(type)) {
    return [{ ...readMovement(raw), from: text(raw, 'from'), muxedId: readMuxed(raw) }];
  }
  if (type !== 'invoke_host_function') return [];
  const { asset_balance_changes: changes } = raw;
  if (changes === undefined || changes === null) return [];
  if (!Array.isArray(changes)) throw new Unreadable('asset_balance_changes is no list');
  return changes.flatMap((change: unknown) => readChange(change));
}

/** Burns and clawbacks reach nobody. Money that an asset's contract makes comes from its issuer. */
function readChange(change: unknown): Movement[] {
  if (!isRecord(change)) throw new Unreadable('a balance change is no object');
  const type = text(change, 'type');
  if (type !== 'transfer' && type !== 'mint') return [];
  const movement = readMovement(change);
  const from = type === 'mint' ? movement.assetIssuer : text(change, 'from');
  const { destination_muxed_id: muxedId, destination_muxed_id_type: muxedType } = change;
  const isNumber = muxedType === undefined || String(muxedType).toLowerCase() === 'uint64';
  if (muxedId === undefined || muxedId === null) return [{ ...movement, from, muxedId: undefined }];
  return [{ ...movement, from, muxedId: isNumber && isNumber64(muxedId) ? muxedId : 'unreadable' }];
}

function readMovement(raw: Record<string, unknown>): Omit<Movement, 'from' | 'muxedId'> {
  const assetType = text(raw, 'asset_type');
  const native = assetType === 'native';
  return {
    to: text(raw, 'to'),
    assetType,
    assetCode: native ? '' : text(raw, 'asset_code'),
    assetIssuer: native ? '' : text(raw, 'asset_issuer'),
    amount: text(raw, 'amount'),
  };
}

/** Both fields or neither, and they must agree with each other and with `to`. */
function readMuxed(raw: Record<string, unknown>): string | undefined {
  const { to, to_muxed: muxed, to_muxed_id: id } = raw;
  if (muxed === undefined && id === undefined) return undefined;
  if (typeof muxed !== 'string' || !isNumber64(id) || !StrKey.isValidMed25519PublicKey(muxed)) return 'unreadable';
  const account = MuxedAccount.fromAddress(muxed, '0');
  return account.id() === id && account.baseAccount().accountId() === to ? id : 'unreadable';
}

/** The memo belongs to the transaction, which the page joins to each record. */
function readMemo(transaction: unknown, txHash: string): PaymentMemo {
  if (!isRecord(transaction) || transaction.hash !== txHash) {
    return { type: 'unreadable', text: 'the transaction is not there' };
  }
  const { memo_type: type, memo } = transaction;
  if (type === 'none') return { type };
  const shown = typeof memo === 'string' ? memo : '';
  if (type === 'id' && isNumber64(memo)) return { type, text: memo };
  if (type === 'text' || type === 'return') return { type, text: shown };
  const bytes = Buffer.from(shown, 'base64');
  if (type === 'hash' && bytes.length === 32 && bytes.toString('base64') === shown) {
    return { type, text: shown, address: StrKey.encodeEd25519PublicKey(bytes) };
  }
  return { type: 'unreadable', text: `${String(type)} ${shown}`.slice(0, 100) };
}

function isNumber64(value: unknown): value is string {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value) && BigInt(value) < 2n ** 64n;
}

function text(raw: Record<string, unknown>, name: string): string {
  const value = raw[name];
  if (typeof value !== 'string') throw new Unreadable(`${name} is no text`);
  return value;
}
