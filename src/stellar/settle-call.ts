import { Address, xdr } from '@stellar/stellar-sdk/base';
import {
  readAddress,
  readHex,
  readI128,
  readStruct,
  readU32,
  readU64,
  readVec,
  u32Value,
  u64Value,
} from './contract-values.ts';
import { cursorLedger } from './event-cursor.ts';
import { RpcError } from './json-rpc.ts';
import type { EventsRequest, Rpc } from './rpc.ts';
import { findSettled } from './vault-events.ts';

/** What a transaction asked of a vault's accounts, and what the vault took of each line; −1 where the payee was not listed. */
export type SettledCall = {
  lane: number;
  batch: number;
  /** Hex. */
  root: string;
  lines: { payee: string; account: string; amount: bigint; taken: bigint }[];
};

/**
 * Reads a settlement from its transaction: the lines from the envelope, what was taken of them from the vault's event.
 * Undefined when it is no settlement of this vault that succeeded.
 */
export function readSettledCall(
  envelopeXdr: string,
  contractEventsXdr: string[][],
  vault: string,
): SettledCall | undefined {
  const call = readArguments(envelopeXdr, vault);
  const settled = findSettled(contractEventsXdr, vault);
  if (!call || !settled) return undefined;
  const { lane, batch, root, taken } = settled;
  if (call.lane !== lane || call.batch !== batch || call.root !== root || call.lines.length !== taken.length)
    return undefined;
  return { lane, batch, root, lines: call.lines.map((line, index) => ({ ...line, taken: taken[index] ?? 0n })) };
}

/**
 * A batch's settlement as the network's history tells it: the vault's event leads to its transaction, whatever anybody says
 * which that is. Undefined when the server's history holds none.
 */
export async function findSettlement(
  rpc: Pick<Rpc, 'health' | 'events' | 'transaction'>,
  vault: string,
  place: { lane: number; batch: number },
): Promise<SettledCall | undefined> {
  const txHash = await findTransaction(rpc, vault, place);
  const found = txHash === undefined ? undefined : await rpc.transaction(txHash);
  if (found === undefined || found.status === 'NOT_FOUND') return undefined;
  const call = readSettledCall(found.envelopeXdr ?? '', found.contractEventsXdr ?? [], vault);
  if (call?.lane === place.lane && call.batch === place.batch) return call;
  throw new RpcError('unreadable', `getTransaction: ${txHash} is not the settlement that its event tells of`);
}

/** A server looks through some 10,000 ledgers at once and keeps some 120,000; more pages than these have no end. */
const pagesMax = 1_000;

async function findTransaction(
  rpc: Pick<Rpc, 'health' | 'events'>,
  vault: string,
  { lane, batch }: { lane: number; batch: number },
): Promise<string | undefined> {
  const topics = [
    [xdr.ScVal.scvSymbol('settled'), u32Value(lane), u64Value(batch)].map((topic) => topic.toXdr('base64')),
  ];
  let from: EventsRequest['from'] = { startLedger: (await rpc.health()).oldestLedger };
  for (let page = 0; page < pagesMax; page++) {
    const { events, cursor, latestLedger } = await rpc.events({ from, contractId: vault, topics, limit: 1 });
    const [event] = events;
    if (event && !('broken' in event)) return event.txHash;
    if ((cursorLedger(cursor) ?? latestLedger) >= latestLedger) return undefined;
    from = { cursor };
  }
  throw new RpcError('unreadable', 'getEvents: the list has no end');
}

/** Undefined also for bytes that are no envelope: a server's word is not ours. */
function readArguments(envelopeXdr: string, vault: string): ReturnType<typeof settleArguments> {
  try {
    return settleArguments(envelopeXdr, vault);
  } catch {
    return undefined;
  }
}

function settleArguments(envelopeXdr: string, vault: string) {
  const envelope = xdr.TransactionEnvelope.fromXdr(envelopeXdr, 'base64');
  const inner =
    envelope.type === 'envelopeTypeTxFeeBump'
      ? envelope.feeBump.tx.innerTx.v1.tx
      : envelope.type === 'envelopeTypeTx'
        ? envelope.v1.tx
        : undefined;
  const [operation] = inner?.operations ?? [];
  if (operation?.body.type !== 'invokeHostFunction') return undefined;
  const { hostFunction } = operation.body.invokeHostFunctionOp;
  if (hostFunction.type !== 'hostFunctionTypeInvokeContract') return undefined;
  const { contractAddress, functionName, args } = hostFunction.invokeContract;
  if (Address.fromScAddress(contractAddress).toString() !== vault || functionName.toStringStrict() !== 'settle')
    return undefined;
  const [lane, batch, root, charges] = args;
  if (!lane || !batch || !root || !charges) return undefined;
  const lines = readVec(charges, readGroup).flat();
  return { lane: readU32(lane), batch: readU64(batch), root: readHex(root, 32), lines };
}

function readGroup(group: xdr.ScVal): { payee: string; account: string; amount: bigint }[] {
  const { field } = readStruct(group);
  const payee = readAddress(field('payee'));
  return readVec(field('lines'), (line) => {
    const parts = readStruct(line);
    return { payee, account: readAddress(parts.field('account')), amount: readI128(parts.field('amount')) };
  });
}
