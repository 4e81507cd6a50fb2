import { formatUsdc, type Units } from '../money.ts';
import { countersignExit } from '../stellar/exit-countersign.ts';
import { readExit } from '../stellar/exit-envelope.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { type Chain, requireLanded } from './chain.ts';
import { CliError } from './exit-codes.ts';

export type CoSignedExit = {
  chain: Chain;
  /** The vault that was pinned, whatever the gateway says now. */
  vault: string;
  key: { address: string; secret: string };
  to: string;
  amount: Units;
  /** Asks the gateway for an envelope of just this exit. */
  ask(body: { amount: string; to: string }): Promise<Record<string, unknown>>;
  /** Said when the gateway will not help: how to go on without it. */
  alone: string;
};

/** Takes money out at once: the gateway signs its part, the envelope is checked as if it came from a thief, and sent. */
export async function leaveCoSigned(exit: CoSignedExit): Promise<{ hash: string; ledger: number }> {
  const { chain, key, to, amount, vault } = exit;
  const terms = { vault, account: key.address, to, amount };
  const answer = await exit.ask({ amount: formatUsdc(amount), to }).catch((error: unknown) => {
    throw withRemedy(error, exit.alone);
  });
  const { envelope } = answer;
  if (typeof envelope !== 'string') throw new CliError('refused', 'the gateway’s answer has no envelope', exit.alone);
  const before = await alreadyLanded(chain.rpc, envelope, terms);
  if (before) return before;
  const countersigned = await countersignExit(chain.rpc, envelope, terms, key.secret);
  if (!countersigned.ok) {
    throw new CliError(
      'refused',
      `the gateway’s envelope was not signed: ${countersigned.fault}`,
      `Nothing was sent. ${exit.alone}`,
    );
  }
  return requireLanded('exit', await chain.submitter.follow(countersigned.transaction));
}

/**
 * The gateway may not have seen yet what an earlier try has sent: asked again, it answers the same envelope. One whose
 * time is over belongs to an exit of before, and is no answer to this one.
 */
async function alreadyLanded(rpc: Rpc, envelope: string, terms: Parameters<typeof readExit>[1]) {
  const read = readExit(envelope, terms, rpc.passphrase);
  if (!read.ok) return undefined;
  const known = await rpc.transaction(read.hash);
  const now = known.status === 'SUCCESS' && known.latestClosedAtS < read.exit.maxTimeS;
  return now ? { hash: read.hash, ledger: known.ledger } : undefined;
}

function withRemedy(error: unknown, alone: string): unknown {
  if (!(error instanceof CliError) || (error.kind !== 'refused' && error.kind !== 'unreachable')) return error;
  return new CliError(error.kind, error.message, alone, { cause: error });
}
