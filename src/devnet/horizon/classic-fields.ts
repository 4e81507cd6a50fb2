/** What Horizon shows of path payments, trustline flags, claimable balances, clawback and sponsoring, and whom they concern. */
import { Asset, xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, muxedText } from '../ledger/envelope.ts';
import { amountText, assetFields, assetText } from './amounts.ts';
import { predicateResource } from './claim-predicate.ts';
import { assetOfCode } from './effects/effects-of.ts';

export type ClassicFields = {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Accounts that are concerned beside the operation's source. */
  readonly concerned: readonly string[];
};

/** Undefined for operations of other families. */
export function classicFields(
  body: xdr.OperationBody,
  source: xdr.MuxedAccount,
  successful: boolean,
): ClassicFields | undefined {
  switch (body.type) {
    case 'pathPaymentStrictReceive':
    case 'pathPaymentStrictSend':
      return pathPayment(body, source, successful);
    case 'allowTrust':
    case 'setTrustLineFlags':
      return lineFlags(body, source);
    case 'clawback': {
      const { asset, amount, from } = body.clawbackOp;
      const fields = { ...assetFields(Asset.fromOperation(asset)), amount: amountText(amount), ...party('from', from) };
      return { fields, concerned: [accountText(accountOf(from))] };
    }
    case 'createClaimableBalance':
      return newBalance(body.createClaimableBalanceOp);
    case 'claimClaimableBalance': {
      const balance_id = body.claimClaimableBalanceOp.balanceId.toXdr('hex');
      return { fields: { balance_id, ...party('claimant', source) }, concerned: [] };
    }
    case 'clawbackClaimableBalance':
      return { fields: { balance_id: body.clawbackClaimableBalanceOp.balanceId.toXdr('hex') }, concerned: [] };
    case 'beginSponsoringFutureReserves': {
      const sponsored = accountText(body.beginSponsoringFutureReservesOp.sponsoredId);
      return { fields: { sponsored_id: sponsored }, concerned: [sponsored] };
    }
    default:
      return undefined;
  }
}

/** Nothing is exchanged on the way here: what arrives is what is sent, and of a failed payment nothing. */
function pathPayment(
  body: Extract<xdr.OperationBody, { type: 'pathPaymentStrictReceive' | 'pathPaymentStrictSend' }>,
  source: xdr.MuxedAccount,
  successful: boolean,
): ClassicFields {
  const receives = body.type === 'pathPaymentStrictReceive';
  const op = receives ? body.pathPaymentStrictReceiveOp : body.pathPaymentStrictSendOp;
  const moved = successful ? 1n : 0n;
  const limits = receives
    ? {
        amount: amountText(body.pathPaymentStrictReceiveOp.destAmount),
        source_amount: amountText(body.pathPaymentStrictReceiveOp.destAmount * moved),
        source_max: amountText(body.pathPaymentStrictReceiveOp.sendMax),
      }
    : {
        amount: amountText(body.pathPaymentStrictSendOp.sendAmount * moved),
        source_amount: amountText(body.pathPaymentStrictSendOp.sendAmount),
        destination_min: amountText(body.pathPaymentStrictSendOp.destMin),
      };
  const sent = assetFields(Asset.fromOperation(op.sendAsset));
  const fields = {
    ...assetFields(Asset.fromOperation(op.destAsset)),
    ...party('from', source),
    ...party('to', op.destination),
    ...limits,
    path: op.path.map((asset) => assetFields(Asset.fromOperation(asset))),
    ...Object.fromEntries(Object.entries(sent).map(([name, value]) => [`source_${name}`, value])),
  };
  return { fields, concerned: [accountText(accountOf(op.destination))] };
}

function lineFlags(
  body: Extract<xdr.OperationBody, { type: 'allowTrust' | 'setTrustLineFlags' }>,
  source: xdr.MuxedAccount,
): ClassicFields {
  if (body.type === 'setTrustLineFlags') {
    const { asset, trustor, setFlags, clearFlags } = body.setTrustLineFlagsOp;
    const fields = {
      ...assetFields(Asset.fromOperation(asset)),
      trustor: accountText(trustor),
      ...namedFlags('set', setFlags),
      ...namedFlags('clear', clearFlags),
    };
    return { fields, concerned: [accountText(trustor)] };
  }
  const { asset, trustor, authorize } = body.allowTrustOp;
  const fields = {
    ...assetFields(assetOfCode(asset, accountOf(source))),
    ...party('trustee', source),
    trustor: accountText(trustor),
    authorize: authorize === xdr.TrustLineFlags.authorizedFlag.value,
    authorize_to_maintain_liabilities: authorize !== 0,
  };
  return { fields, concerned: [accountText(trustor)] };
}

/** Horizon spells the second of them this way. */
const FLAG_NAMES = new Map([
  [xdr.TrustLineFlags.authorizedFlag.value, 'authorized'],
  [xdr.TrustLineFlags.authorizedToMaintainLiabilitiesFlag.value, 'authorized_to_maintain_liabilites'],
  [xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value, 'clawback_enabled'],
]);

function namedFlags(verb: 'set' | 'clear', flags: number): Record<string, unknown> {
  const chosen = [...FLAG_NAMES].filter(([flag]) => (flags & flag) !== 0);
  if (chosen.length === 0) return {};
  return { [`${verb}_flags`]: chosen.map(([flag]) => flag), [`${verb}_flags_s`]: chosen.map(([, name]) => name) };
}

function newBalance({ asset, amount, claimants }: xdr.CreateClaimableBalanceOp): ClassicFields {
  const shown = claimants.map(({ v0 }) => ({
    destination: accountText(v0.destination),
    predicate: predicateResource(v0.predicate),
  }));
  const fields = { asset: assetText(Asset.fromOperation(asset)), amount: amountText(amount), claimants: shown };
  return { fields, concerned: shown.map(({ destination }) => destination) };
}

function party(name: string, address: xdr.MuxedAccount): Record<string, string> {
  const muxed = muxedText(address);
  return {
    [name]: accountText(accountOf(address)),
    ...(muxed ? { [`${name}_muxed`]: muxed.text, [`${name}_muxed_id`]: muxed.id } : {}),
  };
}
