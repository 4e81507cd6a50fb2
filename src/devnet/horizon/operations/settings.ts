/** What Horizon shows of operations by which an account sets something of its own. */
import { xdr } from '@stellar/stellar-sdk';
import { accountText } from '../../ledger/envelope.ts';
import { signerKeyText } from '../signer-key.ts';
import { namedFlags } from './named-flags.ts';

/** In the order in which Horizon tells them. */
const ACCOUNT_FLAG_NAMES = new Map([
  [xdr.AccountFlags.authRequiredFlag.value, 'auth_required'],
  [xdr.AccountFlags.authRevocableFlag.value, 'auth_revocable'],
  [xdr.AccountFlags.authImmutableFlag.value, 'auth_immutable'],
  [xdr.AccountFlags.authClawbackEnabledFlag.value, 'auth_clawback_enabled'],
]);

export function setOptionsFields(op: xdr.SetOptionsOp): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    home_domain: op.homeDomain?.toString() || undefined,
    inflation_dest: op.inflationDest ? accountText(op.inflationDest) : undefined,
    master_key_weight: op.masterWeight,
    signer_key: op.signer ? signerKeyText(op.signer.key) : undefined,
    signer_weight: op.signer?.weight,
    ...namedFlags('set', op.setFlags ?? 0, ACCOUNT_FLAG_NAMES),
    ...namedFlags('clear', op.clearFlags ?? 0, ACCOUNT_FLAG_NAMES),
    low_threshold: op.lowThreshold,
    med_threshold: op.medThreshold,
    high_threshold: op.highThreshold,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

export function manageDataFields({ dataName, dataValue }: xdr.ManageDataOp): Record<string, unknown> {
  return { name: dataName.toString(), value: dataValue ? Buffer.from(dataValue.value).toString('base64') : '' };
}
