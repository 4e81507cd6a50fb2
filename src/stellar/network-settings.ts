import { xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from './rpc.ts';
import { keyText } from './vault-keys.ts';

/** What the network lets one contract transaction do, and what it charges; changed by vote, so read live. */
export type NetworkSettings = {
  instructionsMax: number;
  footprintEntriesMax: number;
  writeEntriesMax: number;
  writeBytesMax: number;
  diskReadBytesMax: number;
  transactionBytesMax: number;
  /** Events and return value together. */
  eventBytesMax: number;
  /** Stroops. */
  feePer10kInstructions: number;
  feePerWriteEntry: number;
  feePerWriteKb: number;
  feePerDiskReadEntry: number;
};

/** Reads the five settings that bound a batch. */
export async function readNetworkSettings(rpc: Pick<Rpc, 'entries'>, signal?: AbortSignal): Promise<NetworkSettings> {
  const ids = [
    xdr.ConfigSettingId.configSettingContractComputeV0,
    xdr.ConfigSettingId.configSettingContractLedgerCostV0,
    xdr.ConfigSettingId.configSettingContractLedgerCostExtV0,
    xdr.ConfigSettingId.configSettingContractBandwidthV0,
    xdr.ConfigSettingId.configSettingContractEventsV0,
  ];
  const keys = ids.map((configSettingId) =>
    keyText(xdr.LedgerKey.configSetting(new xdr.LedgerKeyConfigSetting({ configSettingId }))),
  );
  const { entries } = await rpc.entries(keys, signal);
  const settings: Partial<NetworkSettings> = {};
  for (const { dataXdr } of entries) {
    const data = xdr.LedgerEntryData.fromXdr(dataXdr, 'base64');
    if (data.type === 'configSetting') Object.assign(settings, readSetting(data.configSetting));
  }
  return complete(settings);
}

function readSetting(setting: xdr.ConfigSettingEntry): Partial<NetworkSettings> {
  switch (setting.type) {
    case 'configSettingContractComputeV0':
      return {
        instructionsMax: Number(setting.contractCompute.txMaxInstructions),
        feePer10kInstructions: Number(setting.contractCompute.feeRatePerInstructionsIncrement),
      };
    case 'configSettingContractLedgerCostV0': {
      const cost = setting.contractLedgerCost;
      return {
        writeEntriesMax: cost.txMaxWriteLedgerEntries,
        writeBytesMax: cost.txMaxWriteBytes,
        diskReadBytesMax: cost.txMaxDiskReadBytes,
        feePerWriteEntry: Number(cost.feeWriteLedgerEntry),
        feePerDiskReadEntry: Number(cost.feeDiskReadLedgerEntry),
      };
    }
    case 'configSettingContractLedgerCostExtV0':
      return {
        footprintEntriesMax: setting.contractLedgerCostExt.txMaxFootprintEntries,
        feePerWriteKb: Number(setting.contractLedgerCostExt.feeWrite1Kb),
      };
    case 'configSettingContractBandwidthV0':
      return { transactionBytesMax: setting.contractBandwidth.txMaxSizeBytes };
    case 'configSettingContractEventsV0':
      return { eventBytesMax: setting.contractEvents.txMaxContractEventsSizeBytes };
    default:
      return {};
  }
}

function complete(settings: Partial<NetworkSettings>): NetworkSettings {
  const { instructionsMax, footprintEntriesMax, writeEntriesMax, writeBytesMax, diskReadBytesMax } = settings;
  const { transactionBytesMax, eventBytesMax, feePer10kInstructions, feePerWriteEntry, feePerWriteKb } = settings;
  const { feePerDiskReadEntry } = settings;
  if (
    instructionsMax === undefined ||
    footprintEntriesMax === undefined ||
    writeEntriesMax === undefined ||
    writeBytesMax === undefined ||
    diskReadBytesMax === undefined ||
    transactionBytesMax === undefined ||
    eventBytesMax === undefined ||
    feePer10kInstructions === undefined ||
    feePerWriteEntry === undefined ||
    feePerWriteKb === undefined ||
    feePerDiskReadEntry === undefined
  ) {
    throw new Error('the network does not show its settings for contract transactions');
  }
  return {
    instructionsMax,
    footprintEntriesMax,
    writeEntriesMax,
    writeBytesMax,
    diskReadBytesMax,
    transactionBytesMax,
    eventBytesMax,
    feePer10kInstructions,
    feePerWriteEntry,
    feePerWriteKb,
    feePerDiskReadEntry,
  };
}
