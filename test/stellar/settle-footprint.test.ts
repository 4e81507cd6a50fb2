import { xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { batchBounds, inVaultOrder, type SettleLine } from '../../src/stellar/settle-transaction.ts';
import type { Vault } from '../../src/stellar/vault-client.ts';
import { findSettled } from '../../src/stellar/vault-events.ts';
import { address, call, type HostLedger, i128, keypair } from '../support/host-ledger.ts';
import { readInvocation } from './host-rpc.ts';
import { account, admin, delayS, deployed, depositFor, latePayee, operator, payee, payer } from './host-vault.ts';

/** Between the simulation of a batch and its ledger, on the vault's own code. */

const lines = (...rows: [account: string, payee: string, amount: bigint][]): SettleLine[] =>
  inVaultOrder(rows.map(([of, to, amount]) => ({ account: of, payee: to, amount: units(amount) })));

async function build(vault: Vault, settleLines: SettleLine[], batch = 1) {
  const call = { lane: 0, batch, root: '07'.repeat(32), lines: settleLines };
  const secret = operator.secret();
  const options = { operatorSecret: secret, channelSecret: secret, feeMaxStroops: 1_000_000, attempt: 0 };
  const built = await vault.buildSettle(call, options);
  if (!built.ok) throw new Error(built.detail);
  return { ...readInvocation(built.transaction.envelopeXdr), ...built };
}

/** Applies a built envelope and returns what each line gave, or the host's refusal. */
function apply(ledger: HostLedger, vault: Vault, built: Awaited<ReturnType<typeof build>>): bigint[] | string {
  if (!built.data) throw new Error('no contract data');
  const result = ledger.invoke(built.hostFunction, operator, { data: built.data, auth: built.auth });
  if (!result.ok) return result.text;
  ledger.apply(result);
  ledger.advance(1);
  const events = result.contractEvents.map((event) => Buffer.from(event).toString('base64'));
  return findSettled([events], vault.address)?.taken ?? 'no settled event';
}

type Case = {
  name: string;
  before?: (rig: Awaited<ReturnType<typeof deployed>>) => Promise<unknown>;
  between: (rig: Awaited<ReturnType<typeof deployed>>) => Promise<unknown>;
  taken: bigint;
  payee?: string;
};

const cases: Case[] = [
  {
    name: 'an account nobody had ever paid for gets its first deposit',
    between: ({ vault, run }) => run(depositFor(vault, 'a', 500n), payer, [payer]),
    taken: 100n,
  },
  {
    name: 'an account with too little gets more',
    before: ({ vault, run }) => run(depositFor(vault, 'a', 1n), payer, [payer]),
    between: ({ vault, run }) => run(depositFor(vault, 'a', 500n), payer, [payer]),
    taken: 100n,
  },
  {
    name: 'a limit of nothing is raised',
    before: async ({ vault, run, ledger }) => {
      ledger.addAccount(keypair('a'));
      await run(depositFor(vault, 'a', 500n), payer, [payer]);
      await run(call(vault.address, 'set_limit', address(account('a')), i128(0n)), keypair('a'), [keypair('a')]);
      ledger.advance(delayS / 5 + 1);
    },
    between: ({ vault, run }) =>
      run(call(vault.address, 'set_limit', address(account('a')), i128(60n)), keypair('a'), [keypair('a')]),
    taken: 60n,
  },
  {
    name: 'a cut of the limit matures',
    before: async ({ vault, run, ledger }) => {
      ledger.addAccount(keypair('a'));
      await run(depositFor(vault, 'a', 500n), payer, [payer]);
      await run(call(vault.address, 'set_limit', address(account('a')), i128(30n)), keypair('a'), [keypair('a')]);
    },
    between: async ({ ledger }) => ledger.advance(delayS / 5 + 1),
    taken: 30n,
  },
  {
    name: 'the payee is listed',
    before: ({ vault, run }) => run(depositFor(vault, 'a', 500n), payer, [payer]),
    between: ({ vault, run }) => run(call(vault.address, 'add_payee', address(latePayee)), admin),
    taken: 100n,
    payee: latePayee.publicKey(),
  },
  {
    name: 'the payee is removed',
    before: ({ vault, run }) => run(depositFor(vault, 'a', 500n), payer, [payer]),
    between: ({ vault, run }) => run(call(vault.address, 'remove_payee', address(payee)), admin),
    taken: -1n,
  },
];

describe('a batch whose world changes between simulation and ledger', () => {
  it.each(cases)('lands when $name', async ({ before, between, taken, payee: to = payee.publicKey() }) => {
    const rig = await deployed();
    await before?.(rig);
    const built = await build(rig.vault, lines([account('a'), to, 100n]));
    await between(rig);
    expect(apply(rig.ledger, rig.vault, built)).toEqual([taken]);
    expect(await rig.vault.lastBatch(0)).toMatchObject({ batch: 1, root: '07'.repeat(32) });
  });

  it('would not land with the footprint of the simulation', async () => {
    const rig = await deployed();
    await rig.run(depositFor(rig.vault, 'a', 1n), payer, [payer]);
    await rig.run(call(rig.vault.address, 'remove_payee', address(payee)), admin);
    const built = await build(rig.vault, lines([account('a'), payee.publicKey(), 100n]));
    await rig.run(call(rig.vault.address, 'add_payee', address(payee)), admin);
    const simulated = rig.ledger.simulate(built.hostFunction, operator);
    const removed = await rig
      .run(call(rig.vault.address, 'remove_payee', address(payee)), admin)
      .then(() => rig.ledger.simulate(built.hostFunction, operator));
    if (!simulated.ok || !removed.ok || !removed.transactionData) throw new Error('the simulation failed');
    await rig.run(call(rig.vault.address, 'add_payee', address(payee)), admin);
    const data = xdr.SorobanTransactionData.fromXdr(removed.transactionData);
    expect(rig.ledger.invoke(built.hostFunction, operator, { data, auth: built.auth }).ok).toBe(false);
    expect(apply(rig.ledger, rig.vault, built)).toEqual([1n]);
  });
});

describe('a batch that meets archived entries', () => {
  it('restores them and lands', async () => {
    const rig = await deployed();
    await rig.run(depositFor(rig.vault, 'a', 500n), payer, [payer]);
    await rig.run(depositFor(rig.vault, 'b', 500n), payer, [payer]);
    rig.ledger.advance(130_000);
    const built = await build(
      rig.vault,
      lines([account('a'), payee.publicKey(), 100n], [account('b'), payee.publicKey(), 70n]),
    );
    expect(built.data?.ext.type).toBe('resourceExt');
    const taken = apply(rig.ledger, rig.vault, built);
    expect(Array.isArray(taken) ? [...taken].sort() : taken).toEqual([100n, 70n]);
  });
});

describe('a full batch', () => {
  it.each([
    ['few payees', 4],
    ['many payees', 40],
  ])('of %s stays within every bound and lands when each line has come to money meanwhile', async (_, payeeCount) => {
    const rig = await deployed();
    const settings = await rig.vault.settings();
    const { entriesMax, linesMax } = batchBounds(settings, 100);
    const names = Array.from({ length: entriesMax - payeeCount }, (_, index) => `account ${index}`);
    const payees = Array.from({ length: payeeCount }, (_, index) => account(`payee ${index}`));
    for (const to of payees) await rig.run(call(rig.vault.address, 'add_payee', address(to)), admin);
    const pairs = payees.flatMap((to) => names.map((name) => [account(name), to, 5n] as [string, string, bigint]));
    const step = Math.max(1, Math.floor(pairs.length / linesMax));
    const chosen = pairs.filter((_, index) => index % step === 0).slice(0, linesMax);
    const settleLines = lines(...chosen);
    expect(settleLines).toHaveLength(linesMax);

    const built = await build(rig.vault, settleLines);
    for (const name of names) await rig.run(depositFor(rig.vault, name, 1_000n), payer, [payer]);
    expect(apply(rig.ledger, rig.vault, built)).toEqual(settleLines.map(() => 5n));

    const resources = built.data?.resources;
    expect(built.bytes).toBeLessThanOrEqual(100_000);
    expect(resources?.instructions).toBeLessThan(settings.instructionsMax);
    expect(resources?.writeBytes).toBeLessThan(settings.writeBytesMax);
    expect(resources?.footprint.readWrite.length).toBeLessThanOrEqual(settings.writeEntriesMax);
    expect(built.memo).toBe('memoNone');
  });
});
