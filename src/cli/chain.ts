import { createRpc, type Rpc } from '../stellar/rpc.ts';
import { createSubmitter, type Rehearser, type SubmitOutcome, type Submitter } from '../stellar/submitter.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';

/** The Stellar network for a command: questions and transactions over one RPC server. */
export type Chain = { rpc: Rpc; submitter: Submitter; rpcUrl: string };

/** 0.1 XLM: more than a deposit or a deployment step has cost on a busy day. */
const feeMaxStroops = 1_000_000;

/** A person waits; a ledger takes five seconds, so this is ten questions. */
const pollIntervalMs = 500;

export function connect(
  cli: Pick<Cli, 'clock'>,
  target: { rpcUrl: string; passphrase: string },
): Chain & { submitter: Rehearser } {
  const { clock } = cli;
  const rpc = createRpc({ url: target.rpcUrl, passphrase: target.passphrase, clock });
  const submitter = createSubmitter({ rpc, clock, feeMaxStroops, pollIntervalMs });
  return { rpc, submitter, rpcUrl: target.rpcUrl };
}

export function requireLanded(what: string, outcome: SubmitOutcome): Extract<SubmitOutcome, { status: 'landed' }> {
  switch (outcome.status) {
    case 'landed':
      return outcome;
    case 'refused':
      throw new CliError(
        'chain',
        `the network refused the ${what}: ${outcome.reason ?? outcome.detail}`,
        'Nothing was sent.',
      );
    case 'failed':
      throw new CliError('chain', `the ${what} failed on chain: ${outcome.reason} (transaction ${outcome.hash})`);
    case 'expired':
      throw new CliError(
        'chain',
        `the ${what} was not included in time: ${outcome.reason}`,
        'It can no longer land. Try again.',
      );
  }
}
