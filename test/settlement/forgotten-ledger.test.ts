import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import type { SettlerDeps } from '../../src/settlement/settler.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import { vaultAccount } from '../support/vault-event-xdr.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import { limitPeriodS } from './scripted-chain.ts';

const [rich, poor] = [addressOf('rich'), addressOf('poor')];
const [payee, secondPayee] = [addressOf('payee'), addressOf('second payee')];

/** A batch lands, and nobody remembers its ledger when the gateway is back: its transaction and its event are gone. */
async function landUnseen(rig: SettlementRig): Promise<void> {
  await rig.settler.turn();
  rig.chain.close(600);
  rig.chain.forgetful = true;
}

describe('a batch whose ledger no server remembers', () => {
  it('is booked as the counters of accounts and payees moved: in full, in part, or not for a payee that is not listed', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.deposit(poor, 1_000_000n, 100n);
    rig.chain.unlisted.add(secondPayee);
    rig.charge(rich, payee, 300);
    rig.charge(rich, secondPayee, 40);
    rig.charge(poor, payee, 250);
    rig.charge(poor, secondPayee, 7);
    await landUnseen(rig);
    // Two looks at the hash, and one at the counters.
    for (let look = 0; look < 3; look++) await rig.settler.turn();
    expect(rig.store.batches.byNumber(0, 1)).toMatchObject({ state: 'confirmed' });
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, unsettled: 0n, heldForPayee: 40n });
    expect(rig.store.accounts.byAddress(poor)).toMatchObject({ settled: 100n, receivable: 150n, heldForPayee: 7n });
    expect(rig.ledger.account(poor)).toMatchObject({ settled: 100n, unsettled: 0n, receivable: 150n });
  });

  it('counts for the limit of the period in which it landed, not of the one in which it was sealed', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    const sealedIn = Math.floor(rig.clock.nowMs() / 1000 / limitPeriodS);
    rig.chain.closedAtS = (sealedIn + 1) * limitPeriodS;
    await landUnseen(rig);
    await rig.run();
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, period: sealedIn + 1, used: 300n });
  });

  it('halts its lane when the counters say what no batch of ours can have done, and others may use the account again', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    await landUnseen(rig);
    rig.chain.gross.set(payee, rig.chain.accounts.get(rich)?.deposited ?? never());
    await rig.run();
    expect(rig.settler.status()).toMatchObject({ foreign: false, lanes: [{ state: 'halted' }] });
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('no longer known');
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 0n, unsettled: 300n });
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBe('claimed');
  });
});

const views = ['events', 'accounts', 'earnings', 'payees'] as const;

describe('a batch that a server behind the same address has not seen yet', () => {
  /** From now on these are told by a server that is at the ledger before `ledger`. */
  function behind({ chain }: SettlementRig, ledger: number, late: ReadonlySet<(typeof views)[number]>) {
    const { rpc, vault } = chain;
    const refuse = (since = 0): void => {
      if (since >= ledger) throw new RpcError('lagging', 'the server is behind');
    };
    const deps: Partial<SettlerDeps> = {
      rpc: {
        ...rpc,
        health: async (signal) =>
          late.has('events') ? { oldestLedger: 1, latestLedger: ledger - 1 } : rpc.health(signal),
        events: async (request, signal) => {
          if (!late.has('events')) return rpc.events(request, signal);
          throw new RpcError('refused', `startLedger must be within the ledger range: 1 - ${ledger - 1}`);
        },
      },
      vault: {
        ...vault,
        accounts: async (addresses, signal) => {
          if (!late.has('accounts')) return vault.accounts(addresses, signal);
          const none = { deposited: units(1_000_000n), settled: units(0n), period: 0 };
          return { ledger: ledger - 1, accounts: new Map(addresses.map((address) => [address, vaultAccount(none)])) };
        },
        earnings: async (address, lane, signal, since) => {
          if (!late.has('earnings')) return vault.earnings(address, lane, signal, since);
          refuse(since);
          return { gross: units(0n), netPaid: units(0n), feePaid: units(0n) };
        },
        isPayee: async (address, signal, since) => {
          if (!late.has('payees')) return vault.isPayee(address, signal, since);
          refuse(since);
          return false;
        },
      },
    };
    return deps;
  }

  it.each([
    ['its events', ['events']],
    ['the accounts', ['accounts']],
    ['what payees earned', ['earnings']],
    ['which payees are listed', ['payees']],
    ['all of it', views],
  ] as const)('waits until it has, and is taken once: %s', async (_, late) => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    await rig.settler.turn();
    const landsIn = rig.chain.ledger + 1;
    rig.chain.close(10);
    rig.chain.showsEvents = false;
    const events: (typeof views)[number] = 'events';
    // What tells of accounts and payees is asked only where no event tells of them.
    if (!late.some((view) => view === events)) rig.chain.forgetsEvents = true;
    const stale = new Set(late);
    rig.restart(behind(rig, landsIn, stale));
    for (let turn = 0; turn < 5; turn++) await rig.settler.turn().catch(() => undefined);
    expect(rig.store.batches.byNumber(0, 1)?.state).toBe('submitted');
    expect(rig.settler.status().lanes[0]?.state).not.toBe('halted');
    stale.clear();
    await rig.run();
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, receivable: 0n });
    expect(rig.chain.accounts.get(rich)?.settled).toBe(300n);
  });

  it('is found by its lane, and waits all the same, when its transaction is forgotten', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    await rig.settler.turn();
    const landsIn = rig.chain.ledger + 1;
    rig.chain.close(120);
    rig.chain.forgetful = true;
    const stale = new Set(views);
    rig.restart(behind(rig, landsIn, stale));
    for (let turn = 0; turn < 5; turn++) await rig.settler.turn().catch(() => undefined);
    expect(rig.store.batches.byNumber(0, 1)?.state).toBe('submitted');
    stale.clear();
    await rig.run();
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, receivable: 0n });
    expect(rig.chain.accounts.get(rich)?.settled).toBe(300n);
  });
});

describe('work on the account of the operator', () => {
  it('waits while an envelope of a batch may still land', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    rig.chain.congested = true;
    await rig.settler.turn();
    rig.chain.close(90);
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBeUndefined();
    rig.chain.close(5);
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBe('claimed');
  });
});

function never(): never {
  throw new Error('the account is funded');
}
