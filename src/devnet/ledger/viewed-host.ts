/** One Soroban host for many views of the ledger: the closed ledger, or the stage of a transaction being applied. */
import type { LedgerHeader } from '../host-requests.ts';
import type { NetworkLimits, NetworkProfile } from '../network-profiles.ts';
import { networkSettings } from '../network-settings.ts';
import { createSorobanHost, type SorobanHost } from '../soroban-host.ts';
import { BASE_RESERVE_STROOPS } from './balances.ts';
import { type EntryStore, type EntryView, keyText } from './entries.ts';
import type { Network } from './network.ts';
import type { LedgerMoment } from './sequence.ts';

export type ViewedHost = {
  readonly protocolVersion: number;
  /** What the host does not enforce itself. */
  readonly limits: NetworkLimits;
  /** Runs `ask` with the host reading from `view`. */
  on<Result>(view: EntryView, ask: (host: SorobanHost) => Result): Result;
  headerAt(moment: LedgerMoment): LedgerHeader;
};

export function createViewedHost(module: WebAssembly.Module, network: Network): ViewedHost {
  let current: EntryView = { get: () => undefined };
  const host = createSorobanHost({ module, ledgerGet: (key) => current.get(keyText(key)) });
  return {
    get protocolVersion() {
      return host.protocolVersion;
    },
    limits: network.profile.limits,
    on(view, ask) {
      current = view;
      return ask(host);
    },
    headerAt: ({ sequence, closeTimeS }) => ({
      protocolVersion: host.protocolVersion,
      sequence,
      closeTimeSeconds: closeTimeS,
      networkId: network.id,
      baseReserveStroops: Number(BASE_RESERVE_STROOPS),
    }),
  };
}

/** The settings entries of a new network. */
export function writeSettings(into: Pick<EntryStore, 'set'>, profile: NetworkProfile): void {
  for (const { key, entry } of networkSettings(profile)) into.set(keyText(key), { entry, liveUntil: 0 });
}
