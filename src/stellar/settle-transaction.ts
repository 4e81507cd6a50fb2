import { Operation, SorobanDataBuilder, xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import {
  addressOrder,
  addressValue,
  bytesValue,
  i128Value,
  structValue,
  u32Value,
  u64Value,
} from './contract-values.ts';
import type { NetworkSettings } from './network-settings.ts';
import { keyText, vaultKeys } from './vault-keys.ts';

/** What one account owes to one payee in a batch. */
export type SettleLine = { payee: string; account: string; amount: Units };

export type SettleCall = {
  lane: number;
  batch: number;
  /** Hex. */
  root: string;
  /** In the order of `inVaultOrder`: the vault refuses any other, and answers with `taken` in this order. */
  lines: SettleLine[];
};

/** Payees ascending, accounts ascending within a payee, both as the vault orders addresses. */
export function inVaultOrder<Line extends Pick<SettleLine, 'payee' | 'account'>>(lines: readonly Line[]): Line[] {
  // Each address is decoded once: in a comparison it would be some ten times.
  const orders = new Map<string, string>();
  const orderOf = (address: string): string => {
    const known = orders.get(address) ?? addressOrder(address);
    orders.set(address, known);
    return known;
  };
  const keyed = lines.map((line) => ({ line, key: `${orderOf(line.payee)} ${orderOf(line.account)}` }));
  keyed.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
  return keyed.map(({ line }) => line);
}

export function settleOperation(vault: string, call: SettleCall): xdr.Operation {
  const args = [
    u32Value(call.lane),
    u64Value(call.batch),
    bytesValue(Buffer.from(call.root, 'hex')),
    chargesValue(call),
  ];
  return Operation.invokeContractFunction({ contract: vault, function: 'settle', args });
}

function chargesValue(call: SettleCall): xdr.ScVal {
  const groups: { payee: string; lines: xdr.ScVal[] }[] = [];
  for (const { payee, account, amount } of call.lines) {
    const last = groups.at(-1);
    const line = structValue({ account: addressValue(account), amount: i128Value(amount) });
    if (last?.payee === payee) last.lines.push(line);
    else groups.push({ payee, lines: [line] });
  }
  return xdr.ScVal.scvVec(
    groups.map(({ payee, lines }) => structValue({ payee: addressValue(payee), lines: xdr.ScVal.scvVec(lines) })),
  );
}

/** No entry that settle writes is larger on the ledger: an account takes about 320 bytes. */
const entryBytesMax = 400;

/** What one line or payee may cost more at apply than in a simulation where it took nothing. */
const instructionsPerLine = 250_000;
const instructionsPerPayee = 600_000;

/** Rent of a new entry for its first week at the highest rate in sight, stroops. What is not used comes back. */
const newEntryRentStroops = 1_000_000;

/**
 * Footprint and resources of a settle call. A simulation marks only what that one run wrote as writable, so a line that
 * took nothing there and something at apply would fail the whole batch. Here every entry the call could write is writable,
 * whatever the run saw, and the resources cover the dearest run. Only the part of the fee for declared resources is
 * charged; the margin for rent comes back.
 */
export function settleResources(
  vault: string,
  call: SettleCall,
  simulated: { transactionDataXdr: string; minResourceFee: bigint },
  settings: NetworkSettings,
  signatureInstructions: number,
): xdr.SorobanTransactionData {
  const data = xdr.SorobanTransactionData.fromXdr(simulated.transactionDataXdr, 'base64');
  const { footprint, instructions, diskReadBytes, writeBytes } = data.resources;
  const { readOnly, readWrite } = settleFootprint(vault, call, footprint);
  const payees = new Set(call.lines.map((line) => line.payee)).size;

  const wantedInstructions =
    Math.ceil(instructions * 1.25) +
    call.lines.length * instructionsPerLine +
    payees * instructionsPerPayee +
    signatureInstructions;
  const ownInstructions = Math.min(settings.instructionsMax, wantedInstructions);
  const ownWriteBytes = Math.min(
    settings.writeBytesMax,
    Math.max(Math.ceil(writeBytes * 1.1), readWrite.length * entryBytesMax),
  );
  const ownDiskReadBytes = Math.min(settings.diskReadBytesMax, Math.ceil(diskReadBytes * 1.1));
  const moreEntries = readWrite.length - footprint.readWrite.length;
  const moreFee =
    ((ownInstructions - instructions) / 10_000) * settings.feePer10kInstructions +
    ((ownWriteBytes - writeBytes) / 1024) * settings.feePerWriteKb +
    moreEntries * (settings.feePerWriteEntry + settings.feePerDiskReadEntry) +
    (payees + 1) * newEntryRentStroops;
  const resourceFee = (simulated.minResourceFee * 3n) / 2n + 2n * BigInt(Math.ceil(moreFee));

  const built = new SorobanDataBuilder()
    .setFootprint(readOnly, readWrite)
    .setResources(ownInstructions, ownDiskReadBytes, ownWriteBytes)
    .setResourceFee(resourceFee)
    .build();
  return new xdr.SorobanTransactionData({
    ext: archivedEntries(data, readWrite),
    resources: built.resources,
    resourceFee: built.resourceFee,
  });
}

function settleFootprint(
  vault: string,
  call: SettleCall,
  simulated: xdr.LedgerFootprint,
): { readOnly: xdr.LedgerKey[]; readWrite: xdr.LedgerKey[] } {
  const keys = vaultKeys(vault);
  const payees = [...new Set(call.lines.map((line) => line.payee))];
  const accounts = [...new Set(call.lines.map((line) => line.account))];
  const writable = byText([
    ...simulated.readWrite,
    keys.lane(call.lane),
    ...payees.map((payee) => keys.earnings(payee, call.lane)),
    ...accounts.map((account) => keys.account(account)),
  ]);
  const readable = byText([...simulated.readOnly, keys.instance(), ...payees.map((payee) => keys.payee(payee))]);
  for (const text of writable.keys()) readable.delete(text);
  return { readOnly: [...readable.values()], readWrite: [...writable.values()] };
}

/** Archived entries are named by their place among the writable keys, which is another one now. */
function archivedEntries(data: xdr.SorobanTransactionData, readWrite: xdr.LedgerKey[]): xdr.SorobanTransactionDataExt {
  if (data.ext.type !== 'resourceExt') return xdr.SorobanTransactionDataExt.v0();
  const places = new Map(readWrite.map((key, index) => [keyText(key), index]));
  const archivedSorobanEntries = data.ext.resourceExt.archivedSorobanEntries
    .map((index) => data.resources.footprint.readWrite[index])
    .map((key) => (key && places.get(keyText(key))) ?? -1)
    .filter((index) => index >= 0)
    .sort((a, b) => a - b);
  return xdr.SorobanTransactionDataExt.resourceExt(new xdr.SorobanResourcesExtV0({ archivedSorobanEntries }));
}

function byText(keys: xdr.LedgerKey[]): Map<string, xdr.LedgerKey> {
  return new Map(keys.map((key) => [keyText(key), key]));
}

/** Bounds of a batch: the fixed ones of the design, tightened by what the network allows today. */
export type BatchBounds = {
  /** Accounts + payees. */
  entriesMax: number;
  linesMax: number;
};

const entriesPerBatchMax = 100;
const linesPerBatchMax = 400;

/** XDR bytes of one line, which stands in the call and again in the operator's authorisation. */
const lineBytes = 216;
/** XDR bytes of one payee: its group, twice, and its two keys; an account has one key and less. */
const entryEnvelopeBytes = 450;
/** An envelope of at most 100 KB: larger ones wait longer for a ledger with room. */
const envelopeBytesMax = 99_000;
/** One i128 in the event's list of what was taken, and the rest of the event. */
const takenBytes = 20;
const eventBytes = 600;

export function batchBounds(settings: NetworkSettings, entriesWanted: number): BatchBounds {
  // Writable: every entry and the lane. Read-only: instance, code and one record per payee.
  const byFootprint = Math.floor((settings.footprintEntriesMax - 4) / 2);
  const byWrites = Math.min(settings.writeEntriesMax - 2, Math.floor(settings.writeBytesMax / entryBytesMax) - 2);
  const entriesMax = Math.max(2, Math.min(entriesWanted, entriesPerBatchMax, byWrites, byFootprint));
  const instructionBudget = settings.instructionsMax * 0.6;
  const byEvents = Math.floor((settings.eventBytesMax * 0.75 - eventBytes) / takenBytes);
  const envelopeBytes = Math.min(envelopeBytesMax, settings.transactionBytesMax * 0.75);
  const bySize = Math.floor((envelopeBytes - entriesMax * entryEnvelopeBytes) / lineBytes);
  const byInstructions = Math.floor(instructionBudget / (2 * instructionsPerLine));
  return { entriesMax, linesMax: Math.max(1, Math.min(linesPerBatchMax, byEvents, bySize, byInstructions)) };
}

/** What a batch of these lines has of each. */
export function sizeOf(lines: readonly Pick<SettleLine, 'payee' | 'account'>[]): BatchBounds {
  return { entriesMax: new Set(lines.flatMap(({ account, payee }) => [account, payee])).size, linesMax: lines.length };
}

/** Never below one account with one payee. */
export function times({ entriesMax, linesMax }: BatchBounds, factor: number): BatchBounds {
  return {
    entriesMax: Math.max(2, Math.floor(entriesMax * factor)),
    linesMax: Math.max(1, Math.floor(linesMax * factor)),
  };
}
