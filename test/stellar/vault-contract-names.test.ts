import { readFileSync } from 'node:fs';
import { xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { addressValue } from '../../src/stellar/contract-values.ts';
import { vaultErrorName } from '../../src/stellar/vault-errors.ts';
import { decodeVaultEvent } from '../../src/stellar/vault-events.ts';
import { addressOf } from '../settlement/rig.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import { rawEvent } from '../support/vault-event-xdr.ts';

const source = (file: string) => readFileSync(new URL(`../../contracts/vault/src/${file}`, import.meta.url), 'utf8');
const snake = (name: string) => name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();

describe('the names of the contract', () => {
  it('are known for every error, by its number', () => {
    const errors = [...source('errors.rs').matchAll(/^ {4}([A-Z]\w+) = (\d+),/gm)];
    expect(errors.length).toBeGreaterThan(20);
    for (const [, name = '', number] of errors) {
      expect(vaultErrorName(`HostError: Error(Contract, #${number})`)).toBe(snake(name));
    }
  });

  it('are known for every event', () => {
    const events = [...source('events.rs').matchAll(/^pub struct (\w+) \{/gm)].map((match) => snake(match[1] ?? ''));
    expect(events.length).toBeGreaterThan(15);
    for (const name of events) {
      const topics = [xdr.ScVal.scvSymbol(name), addressValue(addressOf('a'))];
      const place = { id: '1-1', ledger: 1, closedAtMs: 0, txHash: '' };
      const event = decodeVaultEvent(
        rawEvent(vaultAddress, { topics, data: xdr.ScVal.scvMap([]) }, place),
        vaultAddress,
      );
      expect(event.kind === 'unreadable' ? event.reason : '').not.toContain('has no event');
    }
  });
});
