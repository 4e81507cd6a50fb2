import { Address, xdr } from '@stellar/stellar-sdk/base';
import { readAddress, readHex, readI128, readStruct, readU32, readU64, readVec } from './contract-values.ts';
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
  const call = settleArguments(envelopeXdr, vault);
  const settled = findSettled(contractEventsXdr, vault);
  if (!call || !settled) return undefined;
  const { lane, batch, root, taken } = settled;
  if (call.lane !== lane || call.batch !== batch || call.root !== root || call.lines.length !== taken.length)
    return undefined;
  return { lane, batch, root, lines: call.lines.map((line, index) => ({ ...line, taken: taken[index] ?? 0n })) };
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
