import { createHash } from 'node:crypto';
import { parseUsdc, type Units, unitsMax, zero } from '../money.ts';
import type { VaultConfig } from '../stellar/vault-views.ts';

/** What a new vault is made of. Its terms are fixed for ever, so the defaults suit a careful beginning. */

/** The compiled contract of this release. */
export const vaultWasmKey = 'contracts/dist/vault.wasm';

/** One deployer and one salt give one address, so a set-up can name its vault before it exists. */
export function saltOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export const defaultSalt = 'callora vault';

const hourS = 3_600;

export const defaultTerms: VaultConfig = {
  feeBps: 0,
  // Long enough to settle in spite of a weekend's trouble: paid calls stop at a quarter of it.
  withdrawDelayS: 48 * hourS,
  // Everyone can leave before an upgrade binds.
  upgradeDelayS: 96 * hourS,
  defaultLimit: unitsMax,
  limitPeriodS: 24 * hourS,
  minDeposit: usdc('0.1'),
  lanes: 32,
};

/** Asset contracts of Circle's USDC. */
export const usdcContracts: Record<string, string> = {
  testnet: 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA',
  public: 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75',
};

function usdc(text: string): Units {
  return parseUsdc(text) ?? zero;
}
