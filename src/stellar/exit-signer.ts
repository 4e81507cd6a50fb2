import { authorizeEntry, Keypair, xdr } from '@stellar/stellar-sdk/base';
import { formatUsdc, units } from '../money.ts';
import { readHolding } from './account-transactions.ts';
import { buildExit, type ExitTerms, exitInvocation, exitOperation, isSigned, readExit } from './exit-envelope.ts';
import { readFeeAccount } from './fee-account.ts';
import { inclusionBid } from './inclusion-bid.ts';
import {
  type OperatorAuthorisation,
  operatorEntry,
  readOperatorEntry,
  signatureInstructions,
} from './operator-authorisation.ts';
import type { Rpc } from './rpc.ts';
import { authorisationLedgers, withMargin } from './submitter.ts';
import { publicKeyOf, unsignedEnvelope } from './transactions.ts';
import { vaultErrorName } from './vault-errors.ts';

/** The operator's side of a co-signed exit: builds it from the terms alone, and signs nothing that it has not built. */
export type ExitSigner = {
  /** Asks the network, and signs nothing: what comes back can be written down before there is anything to lose. */
  prepare(terms: ExitTerms, signal?: AbortSignal): Promise<PreparedExit>;
  /** The envelope with the operator's signature. The same envelope gives the same bytes, however often it is asked for. */
  sign(envelopeXdr: string, terms: ExitTerms): Promise<SignedExit>;
};

/** `maxTimeS`: the envelope itself is good until then, s since 1970. */
export type SignedExit = { envelopeXdr: string; maxTimeS: number };

export type PreparedExit =
  | { ok: true; envelopeXdr: string; madeLedger: number; expiresLedger: number }
  /** The network would not carry it out; `detail` is for the account's owner. */
  | { ok: false; detail: string };

export type ExitSignerDeps = {
  rpc: Rpc;
  operatorSecret: string;
  /** The most to bid for inclusion, stroops. */
  feeMaxStroops: number;
  /** C… address of the USDC contract. */
  token: string;
};

/** 1 XLM: six times what an ordinary exit declares and some hundred times what it costs; a restored entry fits in. */
export const exitFeeMaxStroops = 10_000_000;

/** How long the account's owner has to sign, s of chain time: what 90 ledgers take at the least on the public network. */
const exitLifeS = 450;

/** The check of the operator's signature, and what it costs at the most. */
const signatureCost = { instructions: signatureInstructions, feeStroops: 5_000n };

export function createExitSigner(deps: ExitSignerDeps): ExitSigner {
  const { rpc, operatorSecret } = deps;
  const operator = publicKeyOf(operatorSecret);
  return {
    prepare: (terms, signal) => prepare(deps, operator, terms, signal),
    async sign(envelopeXdr, terms) {
      const read = readExit(envelopeXdr, terms, rpc.passphrase);
      if (!read.ok || isSigned(read.exit)) throw new Error('a stored exit is not what its row says: not signed');
      if (read.exit.operator.address !== operator) throw new Error('the exit was made for another operator key');
      const { expiresLedger } = read.exit.operator;
      const unsigned = operatorEntry(exitInvocation(terms), read.exit.operator);
      const entry = await authorizeEntry(unsigned, Keypair.fromSecret(operatorSecret), expiresLedger, rpc.passphrase);
      const signed = readOperatorEntry(entry);
      if (!signed) throw new Error('the operator’s authorisation has changed its kind while it was signed');
      const exit = { ...read.exit, operator: signed };
      return { envelopeXdr: buildExit(terms, exit, rpc.passphrase), maxTimeS: exit.maxTimeS };
    },
  };
}

async function prepare(
  deps: ExitSignerDeps,
  operator: string,
  terms: ExitTerms,
  signal?: AbortSignal,
): Promise<PreparedExit> {
  const { rpc, feeMaxStroops } = deps;
  if (terms.account === operator) {
    return { ok: false, detail: "the operator's own account needs no co-signature: its key alone calls withdraw_now" };
  }
  await rpc.verifyNetwork(signal);
  // The ledger first: the signature is younger than it, so its event can only be of a later one.
  const latest = await rpc.latestLedger(signal);
  const [source, others, simulated] = await Promise.all([
    readFeeAccount(rpc, terms.account, signal),
    rpc.inclusionFeeStroops(signal),
    rpc.simulate(unsignedEnvelope(exitOperation(terms), terms.account, rpc.passphrase), signal),
  ]);
  if (!source) return { ok: false, detail: `the account ${terms.account} does not exist on the network: send it XLM` };
  if (!simulated.ok) return { ok: false, detail: await whyRefused(deps, terms, simulated.error, signal) };
  const recorded = operatorOf(simulated.authXdr, terms, operator);
  if (!recorded) return { ok: false, detail: 'the vault asks for other signatures than those of account and operator' };
  const sorobanData = withMargin(simulated.transactionDataXdr, simulated.minResourceFee, signatureCost);
  const feeStroops = inclusionBid(others, { feeMaxStroops }) + Number(sorobanData.resourceFee);
  if (feeStroops > exitFeeMaxStroops) return { ok: false, detail: `the network asks for ${xlm(feeStroops)} XLM` };
  if (source.freeStroops < feeStroops) {
    const detail = `the fee is up to ${xlm(feeStroops)} XLM, and the account has ${xlm(source.freeStroops)} free`;
    return { ok: false, detail };
  }
  const expiresLedger = latest.ledger + authorisationLedgers;
  const envelopeXdr = buildExit(
    terms,
    {
      sequence: source.sequence + 1n,
      feeStroops,
      maxTimeS: latest.closedAtS + exitLifeS,
      sorobanData,
      operator: { ...recorded, expiresLedger },
    },
    rpc.passphrase,
  );
  return { ok: true, envelopeXdr, madeLedger: latest.ledger, expiresLedger };
}

/**
 * The operator's part as the simulation recorded it, for its nonce, which the footprint names. Account and operator must
 * agree to this very call and nothing else: an answer that says otherwise is none that we sign on.
 */
function operatorOf(authXdr: string[], terms: ExitTerms, operator: string): OperatorAuthorisation | undefined {
  const wanted = exitInvocation(terms).toXdr('base64');
  const entries = authXdr.map((text) => xdr.SorobanAuthorizationEntry.fromXdr(text, 'base64'));
  if (entries.length !== 2 || entries.some((entry) => entry.rootInvocation.toXdr('base64') !== wanted))
    return undefined;
  const own = entries.filter((entry) => entry.credentials.type === 'sorobanCredentialsSourceAccount');
  const recorded = entries.map(readOperatorEntry).find((entry) => entry?.address === operator);
  return own.length === 1 && recorded ? { ...recorded, signature: xdr.ScVal.scvVoid() } : undefined;
}

async function whyRefused(
  { rpc, token }: ExitSignerDeps,
  { to }: ExitTerms,
  error: string,
  signal?: AbortSignal,
): Promise<string> {
  const reason = vaultErrorName(error);
  if (reason !== undefined) return `the vault would refuse it: ${reason}`;
  const holding = await readHolding(rpc, token, to, signal);
  if (holding.ok) return 'the network would refuse it';
  switch (holding.reason) {
    case 'no_account':
      return `the receiver ${to} does not exist on the network`;
    case 'no_trustline':
      return `the receiver ${to} has no trustline for USDC`;
    case 'not_authorized':
      return `the receiver ${to} may not hold USDC: its issuer has not authorised it`;
  }
}

/** XLM is divided into ten million as well. */
function xlm(stroops: number | bigint): string {
  return formatUsdc(units(stroops));
}
