import type { xdr } from '@stellar/stellar-sdk/base';
import { type Units, units } from '../money.ts';
import { readAddress, readHex, readI128, readOption, readStruct, readU32, readU64 } from './contract-values.ts';

/** An account in the vault. Amounts in units of 1e-7 USDC, times in seconds since 1970; 0 means none. */
export type VaultAccount = {
  balance: Units;
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  requested: Units;
  unlockAtS: number;
  /** What binds settle now. */
  limit: Units;
  /** A lower limit that binds settle from `pendingLimitAtS`. */
  pendingLimit: Units | undefined;
  pendingLimitAtS: number;
  /** Number of the limit period that `used` belongs to. */
  period: number;
  used: Units;
};

export type VaultEarnings = { gross: Units; netPaid: Units; feePaid: Units };

/** The last batch of a lane; batch 0 before the first. Root and chain as hex. */
export type VaultLane = { batch: number; root: string; chain: string; ledger: number };

export type VaultConfig = {
  feeBps: number;
  withdrawDelayS: number;
  upgradeDelayS: number;
  defaultLimit: Units;
  limitPeriodS: number;
  minDeposit: Units;
  lanes: number;
};

export type VaultInfo = {
  admin: string;
  operator: string;
  token: string;
  treasury: string;
  config: VaultConfig;
  /** Bits: 1 deposits, 2 settle. */
  paused: number;
  pendingAdmin: string | undefined;
  pendingUpgrade: { hash: string; applyAfterS: number; expiresAtS: number } | undefined;
  version: number;
};

export function readVaultAccount(value: xdr.ScVal): VaultAccount {
  const { field } = readStruct(value);
  return {
    balance: readUnits(field('balance')),
    deposited: readUnits(field('deposited')),
    settled: readUnits(field('settled')),
    withdrawn: readUnits(field('withdrawn')),
    requested: readUnits(field('requested')),
    unlockAtS: readU64(field('unlock_at')),
    limit: readUnits(field('limit')),
    pendingLimit: readOption(field('pending_limit'), readUnits),
    pendingLimitAtS: readU64(field('pending_limit_at')),
    period: readU64(field('period')),
    used: readUnits(field('used')),
  };
}

export function readVaultEarnings(value: xdr.ScVal): VaultEarnings {
  const { field } = readStruct(value);
  return {
    gross: readUnits(field('gross')),
    netPaid: readUnits(field('net_paid')),
    feePaid: readUnits(field('fee_paid')),
  };
}

export function readVaultLane(value: xdr.ScVal): VaultLane {
  const { field } = readStruct(value);
  return {
    batch: readU64(field('batch')),
    root: readHex(field('root'), 32),
    chain: readHex(field('chain'), 32),
    ledger: readU32(field('ledger')),
  };
}

export function readVaultInfo(value: xdr.ScVal): VaultInfo {
  const { field } = readStruct(value);
  return {
    admin: readAddress(field('admin')),
    operator: readAddress(field('operator')),
    token: readAddress(field('token')),
    treasury: readAddress(field('treasury')),
    config: readConfig(field('config')),
    paused: readU32(field('paused')),
    pendingAdmin: readOption(field('pending_admin'), readAddress),
    pendingUpgrade: readOption(field('pending_upgrade'), readUpgrade),
    version: readU32(field('version')),
  };
}

function readConfig(value: xdr.ScVal): VaultConfig {
  const { field } = readStruct(value);
  return {
    feeBps: readU32(field('fee_bps')),
    withdrawDelayS: readU64(field('withdraw_delay_s')),
    upgradeDelayS: readU64(field('upgrade_delay_s')),
    defaultLimit: readUnits(field('default_limit')),
    limitPeriodS: readU64(field('limit_period_s')),
    minDeposit: readUnits(field('min_deposit')),
    lanes: readU32(field('lanes')),
  };
}

function readUpgrade(value: xdr.ScVal): { hash: string; applyAfterS: number; expiresAtS: number } {
  const { field } = readStruct(value);
  return {
    hash: readHex(field('hash'), 32),
    applyAfterS: readU64(field('apply_after')),
    expiresAtS: readU64(field('expires_at')),
  };
}

export function readUnits(value: xdr.ScVal): Units {
  return units(readI128(value));
}
