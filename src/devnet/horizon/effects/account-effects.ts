/** Effects of operations on what an account is: options, signers, data, sequence number. */
import { xdr } from '@stellar/stellar-sdk';
import { accountOf } from '../../ledger/envelope.ts';
import { signersOf } from '../../ledger/signatures.ts';
import type { EntryPair, OperationMeta } from '../operation-meta.ts';
import { signerKeyText } from '../signer-key.ts';
import { type Effect, effectOn, effectOnMuxed } from './effect.ts';

export function optionsEffects(op: xdr.SetOptionsOp, source: xdr.MuxedAccount, meta: OperationMeta): Effect[] {
  const effects: Effect[] = [];
  if (op.homeDomain) {
    effects.push(effectOnMuxed(source, 'account_home_domain_updated', { home_domain: op.homeDomain.toString() }));
  }
  if ([op.lowThreshold, op.medThreshold, op.highThreshold].some((threshold) => threshold !== null)) {
    const thresholds = {
      low_threshold: op.lowThreshold ?? 0,
      med_threshold: op.medThreshold ?? 0,
      high_threshold: op.highThreshold ?? 0,
    };
    effects.push(effectOnMuxed(source, 'account_thresholds_updated', thresholds));
  }
  const flags = flagFields(op.setFlags ?? 0, op.clearFlags ?? 0);
  if (flags) effects.push(effectOnMuxed(source, 'account_flags_updated', flags));
  return [...effects, ...signerEffects(source, meta.pairs)];
}

function flagFields(set: number, clear: number): Record<string, boolean> | undefined {
  if ((set | clear) === 0) return undefined;
  const { authRequiredFlag, authRevocableFlag, authImmutableFlag, authClawbackEnabledFlag } = xdr.AccountFlags;
  const named = {
    auth_required_flag: authRequiredFlag,
    auth_revocable_flag: authRevocableFlag,
    auth_immutable_flag: authImmutableFlag,
    auth_clawback_enabled_flag: authClawbackEnabledFlag,
  };
  const touched = Object.entries(named).filter(([, flag]) => ((set | clear) & flag.value) !== 0);
  return Object.fromEntries(touched.map(([name, flag]) => [name, (set & flag.value) !== 0]));
}

/** Removed and changed signers first, then new ones, each in the order of their keys. */
function signerEffects(source: xdr.MuxedAccount, pairs: readonly EntryPair[]): Effect[] {
  const id = accountOf(source);
  const own = pairs.find(({ after }) => after?.data.type === 'account' && after.data.account.accountId.equals(id));
  const before = weights(own?.before);
  const after = weights(own?.after);
  const effect = (type: Effect['type'], key: string, weight: number) =>
    effectOnMuxed(source, type, { weight, public_key: key, key: '' });
  const kept = [...before.keys()].sort().flatMap((key) => {
    const weight = after.get(key);
    if (weight === undefined) return [effect('signer_removed', key, 0)];
    return weight === before.get(key) ? [] : [effect('signer_updated', key, weight)];
  });
  const added = [...after.keys()].filter((key) => !before.has(key)).sort();
  return [...kept, ...added.map((key) => effect('signer_created', key, after.get(key) ?? 0))];
}

function weights(entry: xdr.LedgerEntry | undefined): Map<string, number> {
  if (entry?.data.type !== 'account') return new Map();
  return new Map(signersOf(entry.data.account).map(({ key, weight }) => [signerKeyText(key), weight]));
}

export function dataEffects(op: xdr.ManageDataOp, source: xdr.MuxedAccount, { pairs }: OperationMeta): Effect[] {
  const name = op.dataName.toString();
  const pair = pairs.find(({ before, after }) => (after ?? before)?.data.type === 'data');
  if (!op.dataValue) return [effectOnMuxed(source, 'data_removed', { name })];
  const value = Buffer.from(op.dataValue.value).toString('base64');
  return [effectOnMuxed(source, pair?.before ? 'data_updated' : 'data_created', { name, value })];
}

export function bumpEffects(source: xdr.MuxedAccount, { pairs }: OperationMeta): Effect[] {
  return pairs.flatMap(({ before, after }) => {
    if (before?.data.type !== 'account' || after?.data.type !== 'account') return [];
    const { seqNum, accountId } = after.data.account;
    if (before.data.account.seqNum === seqNum || !accountId.equals(accountOf(source))) return [];
    return [effectOn(accountId, 'sequence_bumped', { new_seq: seqNum.toString() })];
  });
}
