import { encodeMuxedAccount, encodeMuxedAccountToAddress, type Keypair, type xdr } from '@stellar/stellar-sdk';
import { expect } from 'vitest';
import type { HorizonRig } from './horizon-rig.ts';

/** Whole documents of operations: every field that Horizon's structures have, and none besides. */

export type Sent = { hash: string; ledger: number; createdAt: number; documents: Record<string, unknown>[] };

/** Sends one transaction, signed by all of them, and reads its operations back. */
export async function sendAll(rig: HorizonRig, signers: Keypair[], operations: xdr.Operation[]): Promise<Sent> {
  const [source] = signers;
  if (!source) throw new Error('somebody has to sign');
  const built = await rig.build(source, operations);
  const soroban = ['invokeHostFunction', 'extendFootprintTtl'].includes(operations[0]?.body.type ?? '');
  const tx = soroban ? await rig.server.prepareTransaction(built) : built;
  tx.sign(...signers);
  const { hash, status } = await rig.server.sendTransaction(tx);
  if (status !== 'PENDING') throw new Error(`the transaction is ${status}`);
  const answer = await rig.server.pollTransaction(hash);
  if (answer.status !== 'SUCCESS') throw new Error(`the transaction is ${answer.status}`);
  const page = await rig.json(`/transactions/${hash}/operations?limit=50`);
  return { hash, ledger: answer.ledger, createdAt: answer.createdAt, documents: page._embedded.records };
}

/** What all operations have, with what is special to one. */
function whole(rig: HorizonRig, { hash, ledger, createdAt }: Sent, index: number, fields: Record<string, unknown>) {
  const id = ((BigInt(ledger) << 32n) | (1n << 12n) | BigInt(index + 1)).toString();
  const link = (path: string) => ({ href: `${rig.devnet.horizonUrl}${path}` });
  return {
    _links: {
      self: link(`/operations/${id}`),
      transaction: link(`/transactions/${hash}`),
      effects: link(`/operations/${id}/effects`),
      succeeds: link(`/effects?order=desc&cursor=${id}`),
      precedes: link(`/effects?order=asc&cursor=${id}`),
    },
    id,
    paging_token: id,
    transaction_successful: true,
    created_at: new Date(createdAt * 1000).toISOString().replace('.000Z', 'Z'),
    transaction_hash: hash,
    ...fields,
  };
}

export async function expectDocuments(
  rig: HorizonRig,
  sent: Sent,
  ...fields: Record<string, unknown>[]
): Promise<void> {
  expect(sent.documents).toEqual(fields.map((each, index) => whole(rig, sent, index, each)));
  for (const { id } of sent.documents)
    expect(await rig.json(`/operations/${id}`)).toEqual(sent.documents.find((one) => one.id === id));
}

export async function listedUnder(rig: HorizonRig, account: string): Promise<string[]> {
  const page = await rig.json(`/accounts/${account}/operations?limit=200`);
  return page._embedded.records.map(({ id }) => String(id));
}

export function muxedAddress(account: string, id: string): string {
  return encodeMuxedAccountToAddress(encodeMuxedAccount(account, id));
}
