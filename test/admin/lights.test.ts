import { describe, expect, it } from 'vitest';
import { type LightFacts, lights } from '../../src/admin/lights.ts';
import { parseUsdc, type Units, zero } from '../../src/money.ts';
import { healthy } from './rig.ts';

const nowMs = 1_800_000_000_000;
const usdc = (text: string): Units => parseUsdc(text) ?? zero;

const fine: LightFacts = {
  nowMs,
  health: { ...healthy, lastLedgerClosedAtMs: nowMs - 5_000, oldestUnsettledAtMs: nowMs - 30_000 },
  behindLedgers: 0,
  solvency: { atMs: nowMs - 10_000, liabilities: usdc('5'), tokens: usdc('5.5') },
  booksCheck: { atMs: nowMs - 10_000, differences: 0 },
  receivable: zero,
};

/** A quarter and an eighth of the withdrawal delay of two days. */
const stopMs = 43_200_000;
const turnAwayMs = 21_600_000;

describe('the lights', () => {
  it('are all good when all is well, and say the figures', () => {
    const shown = lights(fine);
    expect(shown.filter(({ state }) => state !== 'good')).toEqual([]);
    expect(shown.map(({ text }) => text).join('\n')).toContain('5.5 USDC held, 5 owed');
  });

  it.each<[string, string, Partial<LightFacts>]>([
    ['Sales', 'bad', { health: { ...fine.health, stopped: 'the books differ' } }],
    ['Sales', 'warn', { health: { ...fine.health, stopping: true } }],
    [
      'Vault covers what it owes',
      'bad',
      { solvency: { atMs: nowMs, liabilities: usdc('5'), tokens: usdc('4.9999999') } },
    ],
    // A shortfall stays one, however long ago it was seen.
    ['Vault covers what it owes', 'bad', { solvency: { atMs: 0, liabilities: usdc('5'), tokens: zero } }],
    ['Vault covers what it owes', 'good', { solvency: { atMs: nowMs, liabilities: usdc('5'), tokens: usdc('5') } }],
    ['Vault covers what it owes', 'unknown', { solvency: { atMs: nowMs - 300_001, liabilities: zero, tokens: zero } }],
    ['Vault covers what it owes', 'unknown', { solvency: undefined }],
    ['Memory equals database', 'bad', { booksCheck: { atMs: nowMs, differences: 1 } }],
    ['Memory equals database', 'unknown', { booksCheck: { atMs: nowMs - 300_001, differences: 0 } }],
    ['Memory equals database', 'unknown', { booksCheck: undefined }],
    ['Deposits are watched', 'unknown', { health: { ...fine.health, lastLedgerClosedAtMs: undefined } }],
    ['Deposits are watched', 'warn', { health: { ...fine.health, lastLedgerClosedAtMs: nowMs - turnAwayMs - 1 } }],
    ['Deposits are watched', 'bad', { health: { ...fine.health, lastLedgerClosedAtMs: nowMs - stopMs - 1 } }],
    ['Settlement keeps up', 'good', { health: { ...fine.health, oldestUnsettledAtMs: undefined } }],
    ['Settlement keeps up', 'warn', { health: { ...fine.health, oldestUnsettledAtMs: nowMs - turnAwayMs - 1 } }],
    ['Settlement keeps up', 'bad', { health: { ...fine.health, oldestUnsettledAtMs: nowMs - stopMs - 1 } }],
    ['Charges are written', 'bad', { health: { ...fine.health, journal: { ...healthy.journal, ok: false } } }],
    ['Vault is open', 'bad', { health: { ...fine.health, paused: true } }],
    ['Charges are paid in full', 'warn', { receivable: usdc('0.1') }],
  ])('%s: %s', (name, state, facts) => {
    const shown = lights({ ...fine, ...facts });
    expect(shown.find((light) => light.name === name)?.state).toBe(state);
    expect(shown.filter((light) => light.name !== name && light.state !== 'good')).toEqual([]);
  });
});
