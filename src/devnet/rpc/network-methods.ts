/** Which network this is and where it stands. */
import { xdr } from '@stellar/stellar-sdk';
import type { LedgerRecord } from '../ledger/records.ts';
import { closeMetaXdr } from './close-meta.ts';
import { method, struct } from './decode-params.ts';
import type { RpcMethods } from './json-rpc.ts';
import { outputOf } from './xdr-output.ts';

export function networkMethods(friendbotUrl: () => string): RpcMethods {
  return {
    getNetwork: method(struct('GetNetworkRequest', {}), (_request, { network, host }) => ({
      friendbotUrl: friendbotUrl(),
      passphrase: network.passphrase,
      protocolVersion: host.protocolVersion,
    })),
    getVersionInfo: method(struct('GetVersionInfoRequest', {}), (_request, { host }) => ({
      version: 'callora-devnet',
      commitHash: '',
      buildTimestamp: '',
      captiveCoreVersion: `soroban-env-host for protocol ${host.protocolVersion}`,
      protocolVersion: host.protocolVersion,
    })),
    getLatestLedger: method(struct('GetLatestLedgerRequest', {}), (_request, { history, host }) => {
      const latest = history.latest();
      return { ...described(latest), protocolVersion: host.protocolVersion };
    }),
  };
}

/** Clients poll for the latest ledger: it is encoded once. */
const descriptions = new WeakMap<LedgerRecord, object>();

function described(ledger: LedgerRecord): object {
  const known = descriptions.get(ledger);
  if (known) return known;
  const base64 = outputOf('base64');
  const description = {
    id: Buffer.from(ledger.closed.hash).toString('hex'),
    sequence: ledger.sequence,
    closeTime: String(ledger.closeTimeS),
    ...base64.field('headerXdr', xdr.LedgerHeader, ledger.closed.header.toXdr()),
    ...base64.field('metadataXdr', xdr.LedgerCloseMeta, closeMetaXdr(ledger)),
  };
  descriptions.set(ledger, description);
  return description;
}
