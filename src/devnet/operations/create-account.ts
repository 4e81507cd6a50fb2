import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { addNative, availableBalance, minimumBalance, newAccount } from '../ledger/balances.ts';
import { readAccount } from '../ledger/entries.ts';
import { addSponsored } from '../ledger/reserves.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind, type SharedCode } from './operation-kind.ts';

const Result = xdr.CreateAccountResult;

export const createAccount = operationKind<BodyOf<'createAccount'>, xdr.CreateAccountResult>(
  xdr.OperationResultTr.createAccount,
  {
    threshold: 'medium',
    check: ({ createAccountOp }, { source }) => checkCreateAccount(createAccountOp, source),
    apply: ({ createAccountOp }, context) => applyCreateAccount(createAccountOp, context),
    untouched: Result.createAccountSuccess(),
  },
);

function checkCreateAccount(
  { destination, startingBalance }: xdr.CreateAccountOp,
  source: xdr.PublicKey,
): xdr.CreateAccountResult | undefined {
  return startingBalance < 0n || destination.equals(source) ? Result.createAccountMalformed() : undefined;
}

function applyCreateAccount(
  { destination, startingBalance }: xdr.CreateAccountOp,
  context: OperationContext,
): xdr.CreateAccountResult | SharedCode {
  const { stage, source, network, transaction, sponsorships } = context;
  if (readAccount(stage, destination)) return Result.createAccountAlreadyExist();
  const created = newAccount(destination, startingBalance, stage.sequence);
  const sponsor = sponsorships.sponsorOf(destination);
  if (sponsor) {
    const problem = addSponsored(stage, sponsor, xdr.LedgerEntryData.account(created));
    if (problem) return problem === 'low_reserve' ? Result.createAccountLowReserve() : problem;
  } else {
    if (startingBalance < minimumBalance(created)) return Result.createAccountLowReserve();
    stage.write(xdr.LedgerEntryData.account(created));
  }
  const payer = readAccount(stage, source);
  const paid = payer && availableBalance(payer) >= startingBalance && addNative(payer, -startingBalance);
  if (!paid) return Result.createAccountUnderfunded();
  stage.write(xdr.LedgerEntryData.account(paid));
  const to = xdr.MuxedAccount.keyTypeEd25519(destination.ed25519);
  const transfer = {
    asset: Asset.native(),
    from: context.sourceAddress,
    to,
    amount: startingBalance,
    memo: transaction.memo,
  };
  context.emit(transferEvent(transfer, network));
  return Result.createAccountSuccess();
}
