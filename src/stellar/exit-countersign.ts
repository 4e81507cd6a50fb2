import { Keypair, Transaction } from '@stellar/stellar-sdk/base';
import { type ExitTerms, isSigned, readExit } from './exit-envelope.ts';
import { exitFeeMaxStroops } from './exit-signer.ts';
import { readFeeAccount } from './fee-account.ts';
import type { Rpc } from './rpc.ts';
import type { SignedTransaction } from './transactions.ts';

/** The longest an envelope of somebody else's making may stay good after it was signed, s. */
const lifeMaxS = 600;

export type Countersigned = { ok: true; transaction: SignedTransaction } | { ok: false; fault: string };

/**
 * The owner's side of a co-signed exit. The envelope comes from a gateway that may be hostile: it is signed only when it
 * does exactly what was asked for, at a sane fee, for a few minutes, as the next transaction of the account, and when
 * the network, asked by the owner, would carry it out.
 */
export async function countersignExit(
  rpc: Rpc,
  envelopeXdr: string,
  terms: ExitTerms,
  secret: string,
  signal?: AbortSignal,
): Promise<Countersigned> {
  await rpc.verifyNetwork(signal);
  const read = readExit(envelopeXdr, terms, rpc.passphrase);
  if (!read.ok) return read;
  const { sequence, feeStroops, maxTimeS, operator } = read.exit;
  const [account, latest] = await Promise.all([readFeeAccount(rpc, terms.account, signal), rpc.latestLedger(signal)]);
  const leftS = maxTimeS - latest.closedAtS;
  if (!isSigned(read.exit)) return { ok: false, fault: 'the envelope lacks the signature of the operator' };
  if (feeStroops > exitFeeMaxStroops) return { ok: false, fault: 'the envelope asks for a fee of more than 1 XLM' };
  if (leftS > lifeMaxS) return { ok: false, fault: 'the envelope stays good for longer than ten minutes' };
  if (leftS <= 0 || operator.expiresLedger <= latest.ledger) return { ok: false, fault: 'the envelope has expired' };
  if (account?.sequence !== sequence - 1n) {
    return { ok: false, fault: 'the envelope is not the next transaction of the account' };
  }
  if (!account.ownKeySigns) return { ok: false, fault: 'the account needs more signatures than that of its own key' };
  const simulated = await rpc.simulate(envelopeXdr, signal);
  if (!simulated.ok) return { ok: false, fault: 'the network would not carry the envelope out' };
  const transaction = new Transaction(envelopeXdr, rpc.passphrase);
  transaction.sign(Keypair.fromSecret(secret));
  return { ok: true, transaction: { hash: read.hash, envelopeXdr: transaction.toXdr(), sequence, maxTimeS } };
}
