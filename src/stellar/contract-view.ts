import { Operation, xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import { unsignedEnvelope } from './transactions.ts';
import { vaultErrorName } from './vault-errors.ts';

/** The account whose key nobody has: the source of simulations that nobody signs. */
const nobody = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF';

export type ContractView = { ok: true; value: xdr.ScVal; seenLedger: number } | { ok: false; error: string };

/** What a function of a contract returns on the newest ledger, by simulation: nothing is sent or paid. */
export async function viewContract(
  rpc: Pick<Rpc, 'simulate' | 'passphrase'>,
  contract: string,
  fn: string,
  args: xdr.ScVal[],
  signal?: AbortSignal,
): Promise<ContractView> {
  const operation = Operation.invokeContractFunction({ contract, function: fn, args });
  const answer = await rpc.simulate(unsignedEnvelope(operation, nobody, rpc.passphrase), signal);
  if (!answer.ok) return { ok: false, error: answer.error };
  if (!answer.returnXdr) return { ok: false, error: 'no value was returned' };
  return { ok: true, value: xdr.ScVal.fromXdr(answer.returnXdr, 'base64'), seenLedger: answer.latestLedger };
}

/** A contract did not answer a question about itself. */
export class ContractViewError extends Error {
  override readonly name = 'ContractViewError';
  /** The vault's own word, or undefined. */
  readonly reason: string | undefined;

  constructor(fn: string, detail: string) {
    super(`${fn}: ${detail}`);
    this.reason = vaultErrorName(detail);
  }
}
