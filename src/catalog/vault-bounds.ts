import type { Config } from './model.ts';

/** The longest life of any envelope or signature this gateway makes, s. */
export const signLifeMaxS = 600;

export type AgeCapCheck = { ok: true } | { ok: false; needsS: number; allowsS: number; message: string };

/**
 * A charge must be settled well before its payer can have withdrawn the money: age cap + settlement interval + the
 * longest life of a signature must stay under an eighth of the vault's `withdraw_delay_s` (s, read from the chain).
 */
export function checkAgeCap(config: Pick<Config, 'settlement'>, withdrawDelayS: number): AgeCapCheck {
  const needsS = (config.settlement.ageMaxMs + config.settlement.intervalMs) / 1_000 + signLifeMaxS;
  const allowsS = withdrawDelayS / 8;
  if (needsS < allowsS) return { ok: true };
  const message =
    `settlement.age_max + settlement.interval + ${signLifeMaxS} s is ${needsS} s, which must be less than ` +
    `${allowsS} s, an eighth of the vault's withdrawal delay`;
  return { ok: false, needsS, allowsS, message };
}

/** A lane that the vault does not have would keep its share of the accounts from ever being settled; undefined when all are there. */
export function tooManyLanes(lanes: number, lanesOfVault: number): string | undefined {
  if (lanes <= lanesOfVault) return undefined;
  return `settlement.lanes is ${lanes}, and the vault has ${lanesOfVault}: lower it to ${lanesOfVault} at the most`;
}
