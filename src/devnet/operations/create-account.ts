import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { addNative, availableBalance, minimumBalance, newAccount } from '../ledger/balances.ts';
import { readAccount } from '../ledger/entries.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

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
): xdr.CreateAccountResult {
  const { stage, source, network, memo } = context;
  if (readAccount(stage, destination)) return Result.createAccountAlreadyExist();
  const created = newAccount(destination, startingBalance, stage.sequence);
  if (startingBalance < minimumBalance(created)) return Result.createAccountLowReserve();
  const payer = readAccount(stage, source);
  const paid = payer && availableBalance(payer) >= startingBalance && addNative(payer, -startingBalance);
  if (!paid) return Result.createAccountUnderfunded();
  stage.write(xdr.LedgerEntryData.account(paid));
  stage.write(xdr.LedgerEntryData.account(created));
  const to = xdr.MuxedAccount.keyTypeEd25519(destination.ed25519);
  const transfer = { asset: Asset.native(), from: context.sourceAddress, to, amount: startingBalance, memo };
  context.emit(transferEvent(transfer, network));
  return Result.createAccountSuccess();
}
