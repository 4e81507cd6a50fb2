/**
 * The settings a Soroban network keeps in its ledger: limits and rates of a real network, so that a transaction that
 * fits here fits there and costs about the same. Rent is an approximation: the real rate follows the size of the whole
 * network's state, which this network gives out as the target size (10,000 stroops per KB).
 */
import { xdr } from '@stellar/stellar-sdk';
import { costRows } from './cost-parameters.ts';
import { entryLifetimes, type NetworkProfile } from './network-profiles.ts';

/** Of all contract entries together, as this network says of itself. */
export const LIVE_STATE_BYTES = 4_000_000_000n;
const STATE_WINDOW_SAMPLES = 30;
const EVICTION_SCAN_LEVEL = 7;

/** How long validators wait for each other, ms; nothing here waits so. */
const CONSENSUS_STEP_MS = 1_000;
const LEDGER_TARGET_MS = 5_000;

/** A setting as the ledger holds it: XDR of its LedgerKey and of its LedgerEntry. Settings never expire. */
export type NetworkSetting = { key: Uint8Array; entry: Uint8Array };

/** Every setting the host reads, and those that clients look up to learn the limits. */
export function networkSettings(profile: NetworkProfile): NetworkSetting[] {
  return [...limitSettings(profile), ...rateSettings(profile), ...costSettings(), ...validatorSettings()].map(
    (setting) => ({
      key: xdr.LedgerKey.configSetting(
        new xdr.LedgerKeyConfigSetting({ configSettingId: xdr.ConfigSettingId[setting.type] }),
      ).toXdr(),
      entry: new xdr.LedgerEntry({
        lastModifiedLedgerSeq: 1,
        data: xdr.LedgerEntryData.configSetting(setting),
        ext: xdr.LedgerEntryExt.v0(),
      }).toXdr(),
    }),
  );
}

function limitSettings({ limits }: NetworkProfile): xdr.ConfigSettingEntry[] {
  const Entry = xdr.ConfigSettingEntry;
  return [
    Entry.configSettingContractMaxSizeBytes(limits.wasmBytes),
    Entry.configSettingContractDataKeySizeBytes(limits.keyBytes),
    Entry.configSettingContractDataEntrySizeBytes(limits.dataEntryBytes),
    Entry.configSettingContractExecutionLanes(
      new xdr.ConfigSettingContractExecutionLanesV0({ ledgerMaxTxCount: limits.ledgerTxs }),
    ),
    Entry.configSettingContractParallelComputeV0(
      new xdr.ConfigSettingContractParallelComputeV0({ ledgerMaxDependentTxClusters: limits.ledgerClusters }),
    ),
    Entry.configSettingStateArchival(
      new xdr.StateArchivalSettings({
        maxEntryTtl: entryLifetimes.maxLedgers,
        minTemporaryTtl: entryLifetimes.minTemporaryLedgers,
        minPersistentTtl: entryLifetimes.minPersistentLedgers,
        persistentRentRateDenominator: 1_215n,
        tempRentRateDenominator: 2_430n,
        maxEntriesToArchive: 1_000,
        liveSorobanStateSizeWindowSampleSize: STATE_WINDOW_SAMPLES,
        liveSorobanStateSizeWindowSamplePeriod: 64,
        evictionScanSize: 100_000,
        startingEvictionScanLevel: EVICTION_SCAN_LEVEL,
      }),
    ),
  ];
}

function rateSettings({ limits, rates }: NetworkProfile): xdr.ConfigSettingEntry[] {
  const Entry = xdr.ConfigSettingEntry;
  return [
    Entry.configSettingContractComputeV0(
      new xdr.ConfigSettingContractComputeV0({
        ledgerMaxInstructions: BigInt(limits.ledgerInstructions),
        txMaxInstructions: BigInt(limits.txInstructions),
        feeRatePerInstructionsIncrement: rates.per10kInstructions,
        txMemoryLimit: limits.txMemoryBytes,
      }),
    ),
    Entry.configSettingContractLedgerCostV0(
      new xdr.ConfigSettingContractLedgerCostV0({
        ledgerMaxDiskReadEntries: limits.ledgerDiskReadEntries,
        ledgerMaxDiskReadBytes: limits.ledgerDiskReadBytes,
        ledgerMaxWriteLedgerEntries: limits.ledgerWriteEntries,
        ledgerMaxWriteBytes: limits.ledgerWriteBytes,
        txMaxDiskReadEntries: limits.txDiskReadEntries,
        txMaxDiskReadBytes: limits.txDiskReadBytes,
        txMaxWriteLedgerEntries: limits.txWriteEntries,
        txMaxWriteBytes: limits.txWriteBytes,
        feeDiskReadLedgerEntry: rates.diskReadEntry,
        feeWriteLedgerEntry: rates.writeEntry,
        feeDiskRead1Kb: rates.diskReadKb,
        sorobanStateTargetSizeBytes: LIVE_STATE_BYTES,
        rentFee1KbSorobanStateSizeLow: -17_000n,
        rentFee1KbSorobanStateSizeHigh: 10_000n,
        sorobanStateRentFeeGrowthFactor: 5_000,
      }),
    ),
    Entry.configSettingContractLedgerCostExtV0(
      new xdr.ConfigSettingContractLedgerCostExtV0({
        txMaxFootprintEntries: limits.txFootprintEntries,
        feeWrite1Kb: rates.writeKb,
      }),
    ),
    Entry.configSettingContractHistoricalDataV0(
      new xdr.ConfigSettingContractHistoricalDataV0({ feeHistorical1Kb: rates.historyKb }),
    ),
    Entry.configSettingContractEventsV0(
      new xdr.ConfigSettingContractEventsV0({
        txMaxContractEventsSizeBytes: limits.txEventsBytes,
        feeContractEvents1Kb: rates.eventsKb,
      }),
    ),
    Entry.configSettingContractBandwidthV0(
      new xdr.ConfigSettingContractBandwidthV0({
        ledgerMaxTxsSizeBytes: limits.ledgerTxsBytes,
        txMaxSizeBytes: limits.txBytes,
        feeTxSize1Kb: rates.bandwidthKb,
      }),
    ),
    Entry.configSettingLiveSorobanStateSizeWindow(Array.from({ length: STATE_WINDOW_SAMPLES }, () => LIVE_STATE_BYTES)),
  ];
}

/** What only validators go by, and keys that nobody may touch (CAP-77), of which there are none. */
function validatorSettings(): xdr.ConfigSettingEntry[] {
  const Entry = xdr.ConfigSettingEntry;
  return [
    Entry.configSettingEvictionIterator(
      new xdr.EvictionIterator({
        bucketListLevel: EVICTION_SCAN_LEVEL,
        isCurrBucket: true,
        bucketFileOffset: 0n,
      }),
    ),
    Entry.configSettingScpTiming(
      new xdr.ConfigSettingScpTiming({
        ledgerTargetCloseTimeMilliseconds: LEDGER_TARGET_MS,
        nominationTimeoutInitialMilliseconds: CONSENSUS_STEP_MS,
        nominationTimeoutIncrementMilliseconds: CONSENSUS_STEP_MS,
        ballotTimeoutInitialMilliseconds: CONSENSUS_STEP_MS,
        ballotTimeoutIncrementMilliseconds: CONSENSUS_STEP_MS,
      }),
    ),
    Entry.configSettingFrozenLedgerKeys(new xdr.FrozenLedgerKeys({ keys: [] })),
    Entry.configSettingFreezeBypassTxs(new xdr.FreezeBypassTxs({ txHashes: [] })),
  ];
}

/** Where the public network's model differs from the one its host is calibrated with: constant, linear term. */
const networkCpuTerms: Readonly<Record<string, readonly [number, number]>> = {
  DispatchHostFunction: [295, 0],
  VisitObject: [60, 0],
  ValSer: [221, 26],
  ValDeser: [331, 4_369],
  ComputeSha256Hash: [3_636, 7_013],
  ComputeEd25519PubKey: [40_256, 0],
  VerifyEd25519Sig: [377_551, 4_059],
  VmInstantiation: [417_482, 45_712],
  InvokeVmFunction: [1_945, 0],
  ComputeKeccak256Hash: [6_481, 5_943],
  DecodeEcdsaCurve256Sig: [711, 0],
  RecoverEcdsaSecp256k1Key: [2_314_804, 0],
  Int256AddSub: [4_176, 0],
  Int256Mul: [4_716, 0],
  Int256Div: [4_680, 0],
  Int256Pow: [4_256, 0],
  Int256Shift: [884, 0],
  ChaCha20DrawBytes: [1_059, 502],
};
const networkMemoryTerms: Readonly<Record<string, readonly [number, number]>> = {
  VmInstantiation: [132_773, 4_903],
};

function costSettings(): xdr.ConfigSettingEntry[] {
  const cpu = costRows.map(([name, constant, linear]) => costParameter(networkCpuTerms[name] ?? [constant, linear]));
  const memory = costRows.map(([name, , , constant, linear]) =>
    costParameter(networkMemoryTerms[name] ?? [constant, linear]),
  );
  return [
    xdr.ConfigSettingEntry.configSettingContractCostParamsCpuInstructions(cpu),
    xdr.ConfigSettingEntry.configSettingContractCostParamsMemoryBytes(memory),
  ];
}

function costParameter([constant, linear]: readonly [number, number]): xdr.ContractCostParamEntry {
  return new xdr.ContractCostParamEntry({
    ext: xdr.ExtensionPoint.v0(),
    constTerm: BigInt(constant),
    linearTerm: BigInt(linear),
  });
}
