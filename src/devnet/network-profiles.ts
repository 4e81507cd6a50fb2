/**
 * What a network allows and asks for contracts, as one value. `pubnet` is the public network; `testnet` is what the test
 * network and the Quickstart image had before their limits were raised (protocol 23): what fits it fits everywhere.
 */

/** Limits per transaction and per ledger. Bytes are of XDR unless said otherwise. */
export type NetworkLimits = Readonly<{
  txInstructions: number;
  txMemoryBytes: number;
  txFootprintEntries: number;
  txDiskReadEntries: number;
  txDiskReadBytes: number;
  txWriteEntries: number;
  txWriteBytes: number;
  /** Of contract events and the returned value. */
  txEventsBytes: number;
  txBytes: number;
  /** Of any key in a footprint. */
  keyBytes: number;
  dataEntryBytes: number;
  wasmBytes: number;
  ledgerInstructions: number;
  ledgerClusters: number;
  ledgerDiskReadEntries: number;
  ledgerDiskReadBytes: number;
  ledgerWriteEntries: number;
  ledgerWriteBytes: number;
  ledgerTxsBytes: number;
  ledgerTxs: number;
}>;

/** Stroops. */
export type FeeRates = Readonly<{
  per10kInstructions: bigint;
  diskReadEntry: bigint;
  diskReadKb: bigint;
  writeEntry: bigint;
  writeKb: bigint;
  historyKb: bigint;
  bandwidthKb: bigint;
  eventsKb: bigint;
}>;

export type ProfileName = 'pubnet' | 'testnet';

export type NetworkProfile = Readonly<{ name: ProfileName; limits: NetworkLimits; rates: FeeRates }>;

/** How long entries can live, in ledgers, the current one included: the same on every network. */
export const entryLifetimes = {
  maxLedgers: 3_110_400,
  minTemporaryLedgers: 720,
  minPersistentLedgers: 120_960,
} as const;

const pubnetLimits: NetworkLimits = {
  txInstructions: 400_000_000,
  txMemoryBytes: 41_943_040,
  txFootprintEntries: 400,
  txDiskReadEntries: 200,
  txDiskReadBytes: 200_000,
  txWriteEntries: 200,
  txWriteBytes: 132_096,
  txEventsBytes: 16_384,
  txBytes: 132_096,
  keyBytes: 250,
  dataEntryBytes: 65_536,
  wasmBytes: 131_072,
  ledgerInstructions: 580_000_000,
  ledgerClusters: 2,
  ledgerDiskReadEntries: 1_000,
  ledgerDiskReadBytes: 400_000,
  ledgerWriteEntries: 1_000,
  ledgerWriteBytes: 286_720,
  ledgerTxsBytes: 266_240,
  ledgerTxs: 2_000,
};

const pubnet: NetworkProfile = {
  name: 'pubnet',
  limits: pubnetLimits,
  rates: {
    per10kInstructions: 7n,
    diskReadEntry: 1_563n,
    diskReadKb: 447n,
    writeEntry: 2_500n,
    writeKb: 875n,
    historyKb: 4_059n,
    bandwidthKb: 406n,
    eventsKb: 5_000n,
  },
};

const testnet: NetworkProfile = {
  name: 'testnet',
  limits: {
    ...pubnetLimits,
    txInstructions: 100_000_000,
    txFootprintEntries: 100,
    txDiskReadEntries: 100,
    txWriteEntries: 50,
    ledgerInstructions: 500_000_000,
    ledgerClusters: 1,
    ledgerDiskReadEntries: 500,
    ledgerDiskReadBytes: 3_500_000,
    ledgerWriteEntries: 250,
    ledgerWriteBytes: 143_360,
    ledgerTxsBytes: 133_120,
    ledgerTxs: 100,
  },
  rates: {
    per10kInstructions: 25n,
    diskReadEntry: 6_250n,
    diskReadKb: 1_786n,
    writeEntry: 10_000n,
    writeKb: 3_500n,
    historyKb: 16_235n,
    bandwidthKb: 1_624n,
    eventsKb: 10_000n,
  },
};

export const networkProfiles: Readonly<Record<ProfileName, NetworkProfile>> = { pubnet, testnet };

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(networkProfiles, name);
}
