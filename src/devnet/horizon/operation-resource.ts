/** An operation of a closed ledger as Horizon shows it. */
import { Address, Asset, xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, muxedText, operationSource } from '../ledger/envelope.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { amountText, assetFields, lineAsset, timeText } from './amounts.ts';
import { type BalanceChange, balanceChanges } from './balance-changes.ts';
import { balanceSubject } from './balance-subject.ts';
import { classicFields } from './classic-fields.ts';
import { signerKeyText } from './signer-key.ts';

export type HistoryOperation = {
  /** TOID of the operation, counted from 1: its paging token. */
  readonly id: bigint;
  readonly record: TransactionRecord;
  /** Accounts under which it is listed, and the claimable balance it is about. */
  readonly participants: readonly string[];
  /** Whether it is listed among the payments. */
  readonly isPayment: boolean;
  /** What is special to this operation. */
  readonly details: Readonly<Record<string, unknown>>;
};

export function historyOperations(record: TransactionRecord, passphrase: string): HistoryOperation[] {
  const meta = lazyMeta(record);
  return record.signed.tx.operations.map((operation, index) => {
    const source = operationSource(record.signed, operation);
    const changes = operation.body.type === 'invokeHostFunction' ? balanceChanges(meta()[index] ?? [], passphrase) : [];
    const classic = classicFields(operation.body, source, record.successful);
    const balance = balanceSubject(operation.body, record, index);
    return {
      id: toid(record.ledger, record.order, index + 1),
      record,
      participants: [
        ...new Set([
          accountText(accountOf(source)),
          ...otherParticipants(operation.body, changes),
          ...(classic?.concerned ?? []),
          ...(balance === undefined ? [] : [balance]),
        ]),
      ],
      isPayment: PAYMENTS.includes(operation.body.type) || changes.length > 0,
      details: {
        source_account: accountText(accountOf(source)),
        ...muxedFields('source_account', source),
        ...typeFields(operation.body),
        ...(classic?.fields ?? bodyFields(operation.body, source, changes)),
      },
    };
  });
}

const PAYMENTS: readonly string[] = [
  'createAccount',
  'payment',
  'pathPaymentStrictReceive',
  'pathPaymentStrictSend',
  'accountMerge',
];

function lazyMeta(record: TransactionRecord): () => xdr.ContractEvent[][] {
  return () => {
    const meta = xdr.TransactionMeta.fromXdr(record.meta);
    return meta.type === 'v4' ? meta.v4.operations.map(({ events }) => events) : [];
  };
}

export function operationResource({ id, record, details }: HistoryOperation, base: string): Record<string, unknown> {
  const link = (path: string) => ({ href: `${base}${path}` });
  return {
    _links: {
      self: link(`/operations/${id}`),
      transaction: link(`/transactions/${record.hash}`),
      effects: link(`/operations/${id}/effects`),
      succeeds: link(`/effects?order=desc&cursor=${id}`),
      precedes: link(`/effects?order=asc&cursor=${id}`),
    },
    id: id.toString(),
    paging_token: id.toString(),
    transaction_successful: record.successful,
    ...details,
    created_at: timeText(record.closeTimeS),
    transaction_hash: record.hash,
  };
}

function otherParticipants(body: xdr.OperationBody, changes: readonly BalanceChange[]): string[] {
  switch (body.type) {
    case 'createAccount':
      return [accountText(body.createAccountOp.destination)];
    case 'payment':
      return [accountText(accountOf(body.paymentOp.destination))];
    case 'accountMerge':
      return [accountText(accountOf(body.destination))];
    case 'invokeHostFunction':
      return changes.flatMap(({ from, to }) => [from, to]).filter((party) => party?.startsWith('G')) as string[];
    default:
      return [];
  }
}

/** `changeTrust` is `change_trust` here. */
function typeFields(body: xdr.OperationBody) {
  const type = body.type.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { type, type_i: xdr.OperationType[body.type].value };
}

function bodyFields(
  body: xdr.OperationBody,
  source: xdr.MuxedAccount,
  changes: readonly BalanceChange[],
): Record<string, unknown> {
  const actor = accountText(accountOf(source));
  switch (body.type) {
    case 'createAccount': {
      const { destination, startingBalance } = body.createAccountOp;
      return { starting_balance: amountText(startingBalance), funder: actor, account: accountText(destination) };
    }
    case 'payment':
      return paymentFields(body.paymentOp, source);
    case 'accountMerge':
      return {
        account: actor,
        into: accountText(accountOf(body.destination)),
        ...muxedFields('into', body.destination),
      };
    case 'changeTrust':
      return trustFields(body.changeTrustOp, actor);
    case 'manageData': {
      const { dataName, dataValue } = body.manageDataOp;
      return { name: dataName.toString(), value: dataValue ? Buffer.from(dataValue.value).toString('base64') : '' };
    }
    case 'bumpSequence':
      return { bump_to: body.bumpSequenceOp.bumpTo.toString() };
    case 'setOptions':
      return optionFields(body.setOptionsOp);
    case 'extendFootprintTtl':
      return { extend_to: body.extendFootprintTtlOp.extendTo };
    case 'invokeHostFunction':
      return { ...functionFields(body.invokeHostFunctionOp.hostFunction), asset_balance_changes: changes };
    default:
      return {};
  }
}

function paymentFields({ asset, amount, destination }: xdr.PaymentOp, source: xdr.MuxedAccount) {
  return {
    ...assetFields(Asset.fromOperation(asset)),
    from: accountText(accountOf(source)),
    ...muxedFields('from', source),
    to: accountText(accountOf(destination)),
    ...muxedFields('to', destination),
    amount: amountText(amount),
  };
}

function trustFields({ line, limit }: xdr.ChangeTrustOp, trustor: string) {
  const asset = lineAsset(line);
  const fields = asset ? assetFields(asset) : {};
  return { ...fields, limit: amountText(limit), trustee: asset?.getIssuer(), trustor };
}

function optionFields(op: xdr.SetOptionsOp): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    home_domain: op.homeDomain?.toString() || undefined,
    inflation_dest: op.inflationDest ? accountText(op.inflationDest) : undefined,
    master_key_weight: op.masterWeight,
    low_threshold: op.lowThreshold,
    med_threshold: op.medThreshold,
    high_threshold: op.highThreshold,
    signer_key: op.signer ? signerKeyText(op.signer.key) : undefined,
    signer_weight: op.signer?.weight,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

const FUNCTION_NAMES = {
  hostFunctionTypeInvokeContract: 'HostFunctionTypeHostFunctionTypeInvokeContract',
  hostFunctionTypeCreateContract: 'HostFunctionTypeHostFunctionTypeCreateContract',
  hostFunctionTypeUploadContractWasm: 'HostFunctionTypeHostFunctionTypeUploadContractWasm',
  hostFunctionTypeCreateContractV2: 'HostFunctionTypeHostFunctionTypeCreateContractV2',
} as const;

function functionFields(hostFunction: xdr.HostFunction): Record<string, unknown> {
  const fields = { function: FUNCTION_NAMES[hostFunction.type], address: '', salt: '' };
  if (hostFunction.type !== 'hostFunctionTypeInvokeContract') return { ...fields, parameters: [] };
  const { contractAddress, functionName, args } = hostFunction.invokeContract;
  const called = [Address.fromScAddress(contractAddress).toScVal(), xdr.ScVal.scvSymbol(functionName), ...args];
  return { ...fields, parameters: called.map(parameter) };
}

/** `scvSymbol` is `Sym` to Horizon, as in the generated code it was written with. */
function parameter(value: xdr.ScVal): { value: string; type: string } {
  const names: Readonly<Record<string, string>> = { scvSymbol: 'Sym', scvString: 'Str', scvBool: 'B' };
  return { value: value.toXdr('base64'), type: names[value.type] ?? value.type.slice('scv'.length) };
}

function muxedFields(field: string, address: xdr.MuxedAccount): Record<string, string> {
  const muxed = muxedText(address);
  return muxed ? { [`${field}_muxed`]: muxed.text, [`${field}_muxed_id`]: muxed.id } : {};
}
