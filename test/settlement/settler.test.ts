import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import { type SendFault, vaultAddress } from './scripted-chain.ts';

const consumer = addressOf('consumer');
const other = addressOf('other consumer');
const payee = addressOf('payee');
const secondPayee = addressOf('second payee');
/** Unsettled charges that are worth a batch at once. */
const worth = units(1_000_000);

function funded(overrides: Parameters<typeof createSettlementRig>[0] = {}): SettlementRig {
  const rig = createSettlementRig(overrides);
  rig.deposit(consumer, 1_000_000n);
  rig.deposit(other, 1_000_000n);
  return rig;
}

/** The chain took exactly what was charged, once, and the books say the same. */
function expectSettled(rig: SettlementRig, amounts: { consumer?: number; other?: number; payee?: number }) {
  rig.watch();
  for (const [address, amount] of [
    [consumer, amounts.consumer ?? 0],
    [other, amounts.other ?? 0],
  ] as const) {
    expect(rig.chain.accounts.get(address)?.settled).toBe(BigInt(amount));
    expect(rig.store.accounts.byAddress(address)).toMatchObject({ settled: BigInt(amount), unsettled: 0n });
    expect(rig.ledger.account(address)).toMatchObject({ settled: BigInt(amount), unsettled: 0n, receivable: 0n });
  }
  expect(rig.chain.gross.get(payee) ?? 0n).toBe(BigInt(amounts.payee ?? 0));
  expect(rig.store.batches.open()).toEqual([]);
}

/** Ledgers close and time passes until the work is done. */
async function meanwhile<T>(rig: SettlementRig, work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    // What the settler waits for on disk must not cost it chain time.
    await rig.store.sync();
    rig.chain.close();
    rig.clock.advance(250);
  }
  return done;
}

describe('settlement', () => {
  it('takes what was charged, for several accounts and payees, in one batch', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.charge(consumer, payee, 200);
    rig.charge(consumer, secondPayee, 50);
    rig.charge(other, payee, 7);
    await rig.run();
    expectSettled(rig, { consumer: 550, other: 7, payee: 507 });
    expect(rig.chain.gross.get(secondPayee)).toBe(50n);
    expect(rig.chain.lanes.get(0)?.batch).toBe(1);
  });

  it('is on disk before the first byte is sent', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    const { send } = rig.chain.rpc;
    const seen: string[] = [];
    rig.chain.rpc.send = (envelope) => {
      const [batch] = rig.store.batches.open();
      const kept = batch ? rig.store.batches.envelopes(batch.id) : [];
      seen.push(`${batch?.state} ${kept.some((row) => row.envelopeXdr === envelope && row.state === 'live')}`);
      return send(envelope);
    };
    await rig.run();
    expect(seen).toEqual(['submitted true']);
  });

  it('waits for the disk before it is sent', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    const { recordEnvelope } = rig.store.batches;
    const { send } = rig.chain.rpc;
    const seen: string[] = [];
    rig.store.batches.recordEnvelope = async (batchId, envelope) => {
      await recordEnvelope(batchId, envelope);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push('on disk');
    };
    rig.chain.rpc.send = (envelope) => {
      seen.push('sent');
      return send(envelope);
    };
    await rig.run();
    expect(seen).toEqual(['on disk', 'sent']);
  });

  const faults: [string, SendFault[]][] = [
    ['the reply is lost after the network took it', ['reply_lost']],
    ['the request never arrives', ['request_lost']],
    ['the request never arrives three times', ['request_lost', 'request_lost', 'request_lost']],
    ['the answer is 502 but the network took it', ['bad_gateway_stored']],
    ['the network has it already', ['duplicate']],
    ['the network is busy and drops it', ['try_again_lost', 'try_again_lost']],
    ['the network is busy but keeps it', ['try_again_stored']],
    ['the network objects and drops it', ['error_lost', 'error_lost']],
    ['the network objects but has it', ['error_stored']],
    ['the reply is lost, then the resend is a duplicate', ['reply_lost', 'duplicate']],
  ];
  it.each(faults)('takes every unit once when %s', async (_, script) => {
    const rig = funded();
    rig.chain.faults = [...script];
    rig.charge(consumer, payee, 300);
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    expect(new Set(rig.chain.sends).size).toBe(1);
  });

  it('waits until maxTime has closed before it makes another envelope', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.chain.congested = true;
    await rig.settler.turn();
    for (let seconds = 0; seconds < 90; seconds += 5) {
      rig.chain.close(5);
      rig.clock.advance(5_000);
      await rig.settler.turn();
      expect(rig.chain.builds).toBe(1);
    }
    rig.chain.congested = false;
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    expect(rig.chain.builds).toBe(2);
  });

  it('finds an envelope that lands in the last possible ledger', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.chain.congested = true;
    await rig.settler.turn();
    rig.chain.close(85);
    rig.chain.congested = false;
    rig.chain.close(5);
    rig.chain.close(5);
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    expect(rig.chain.builds).toBe(1);
  });

  it('believes the lane, not a server that has forgotten the transaction', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    await rig.settler.turn();
    rig.chain.close(600);
    rig.chain.forgetful = true;
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    expect(rig.chain.builds).toBe(1);
  });

  it('reads the outcome from the event when the transaction does not show it', async () => {
    const rig = funded();
    rig.chain.showsEvents = false;
    rig.charge(consumer, payee, 300);
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
  });

  it('refuses a server that lags behind what was seen', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.chain.congested = true;
    await rig.settler.turn();
    rig.chain.close(100);
    await rig.settler.turn();
    rig.chain.lagLedgers = 3;
    await expect(rig.settler.turn()).rejects.toThrow(/ledger/);
    expect(rig.chain.builds).toBe(1);
    rig.chain.lagLedgers = 0;
    rig.chain.congested = false;
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
  });

  it('makes a new envelope for the same batch after a failure on chain, and stops after three', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.chain.failNext = 2;
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    expect(rig.chain.lanes.get(0)?.batch).toBe(1);

    rig.charge(consumer, payee, 11);
    rig.chain.failNext = 3;
    await rig.run();
    expect(rig.settler.status().lanes[0]).toMatchObject({ state: 'halted', batch: 2 });
    expect(rig.store.accounts.byAddress(consumer)).toMatchObject({ unsettled: 11n, settled: 300n });

    rig.restart();
    await rig.run();
    expect(rig.settler.status().lanes[0]).toMatchObject({ state: 'halted' });
    const builds = rig.chain.builds;
    expect(await meanwhile(rig, rig.settler.settleNow({ timeoutMs: 60_000 }))).toMatchObject({ done: true });
    expect(rig.chain.builds).toBe(builds + 1);
    expectSettled(rig, { consumer: 311, payee: 311 });
  });

  it('stops when the vault holds a batch that is not ours', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    await rig.run();
    rig.charge(consumer, payee, 5);
    rig.chain.settleForeign(0);
    await rig.run();
    expect(rig.settler.status()).toMatchObject({ foreign: true, lanes: [{ state: 'halted' }] });
    rig.restart();
    await rig.run();
    expect(rig.settler.status().foreign).toBe(true);
    expect(rig.store.accounts.byAddress(consumer)).toMatchObject({ unsettled: 5n, settled: 300n });
  });

  it('waits while settling is paused, and goes on after', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.chain.paused = true;
    await rig.run(5);
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('unpaused');
    rig.chain.paused = false;
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
  });

  it('keeps what the chain could not take as debt of the account, and what an unlisted payee missed apart', async () => {
    const rig = createSettlementRig();
    rig.deposit(consumer, 1_000_000n, 100n);
    rig.deposit(other, 1_000_000n);
    rig.chain.unlisted.add(secondPayee);
    rig.charge(consumer, payee, 300);
    rig.charge(other, secondPayee, 40);
    await rig.run();
    expect(rig.ledger.account(consumer)).toMatchObject({ settled: 100n, receivable: 200n, unsettled: 0n });
    expect(rig.ledger.account(other)).toMatchObject({ settled: 0n, heldForPayee: 40n, receivable: 0n, unsettled: 0n });
    expect(rig.store.accounts.byAddress(consumer)).toMatchObject({ settled: 100n, receivable: 200n });
  });

  it('says what it waits for when asked to settle now', async () => {
    const rig = funded({
      rules: { intervalMs: 3_600_000, minTotal: units(1_000_000), ageMaxMs: 3_600_000, entriesMax: 100 },
    });
    rig.charge(consumer, payee, 300);
    rig.chain.congested = true;
    const settling = rig.settler.settleNow({ timeoutMs: 1_000 });
    for (let step = 0; step < 10; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      await rig.store.sync();
      rig.clock.advance(250);
    }
    const report = await settling;
    expect(report).toMatchObject({ done: false, confirmed: [] });
    expect(report.waitingFor).toContain('transaction');
    rig.chain.congested = false;
    rig.chain.close();
    expect(await rig.settler.settleNow({ timeoutMs: 1_000 })).toMatchObject({
      done: true,
      confirmed: [{ lane: 0, batch: 1, total: 300n }],
    });
    expectSettled(rig, { consumer: 300, payee: 300 });
  });

  it('leaves amounts below the minimum until they are old or somebody is in a hurry', async () => {
    const rules = { intervalMs: 0, minTotal: units(1_000), ageMaxMs: 60_000, entriesMax: 100 };
    const rig = funded({ rules });
    rig.charge(consumer, payee, 300);
    await rig.run(3);
    expect(rig.chain.builds).toBe(0);
    rig.settler.hurry(consumer, worth);
    await rig.run();
    expectSettled(rig, { consumer: 300, payee: 300 });
    rig.charge(consumer, payee, 5);
    rig.clock.advance(61_000);
    await rig.run();
    expectSettled(rig, { consumer: 305, payee: 305 });
  });

  describe('in a hurry', () => {
    const rules = { intervalMs: 0, minTotal: units(1_000), ageMaxMs: 7_200_000, entriesMax: 3 };

    it('settles what came while a batch was on its way', async () => {
      const rig = funded({ rules });
      rig.charge(consumer, payee, 300);
      rig.settler.hurry(consumer, worth);
      await rig.settler.turn();
      expect(rig.store.batches.open()).toHaveLength(1);
      rig.charge(consumer, payee, 5);
      rig.settler.hurry(consumer, worth);
      await rig.run();
      expectSettled(rig, { consumer: 305, payee: 305 });
    });

    it('settles all that waits, in as many batches as it takes', async () => {
      const rig = createSettlementRig({ rules });
      for (const name of [consumer, other, secondPayee]) {
        rig.deposit(name, 1_000n);
        rig.charge(name, payee, 10);
      }
      rig.settler.hurry(consumer, worth);
      for (let batches = 0; batches < 3; batches++) await rig.run();
      expect(rig.chain.lanes.get(0)?.batch).toBe(2);
      expect(rig.chain.gross.get(payee)).toBe(30n);
    });

    it('tries again when nothing could be chosen', async () => {
      const rig = createSettlementRig({ rules });
      const propose = createProposer(rig.store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
      let tries = 0;
      rig.restart({
        propose: async (request) => {
          if (++tries === 1) throw new Error('the choosing thread ended with 1');
          return propose(request);
        },
      });
      rig.deposit(consumer, 1_000n);
      rig.charge(consumer, payee, 10);
      rig.settler.hurry(consumer, worth);
      await expect(rig.settler.turn()).rejects.toThrow(/ended/);
      await rig.run();
      expect(rig.chain.gross.get(payee)).toBe(10n);
      rig.charge(consumer, payee, 5);
      await rig.run(3);
      expect(rig.chain.gross.get(payee)).toBe(10n);
    });
  });

  it('says that it is not done while what was chosen keeps changing', async () => {
    const rig = createSettlementRig();
    const propose = createProposer(rig.store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
    const { batches } = rig.store;
    rig.restart({
      propose: async (request) => propose(request),
      batches: { ...batches, seal: (proposal, nowMs) => ({ ...batches.seal(proposal, nowMs), step: () => 'stale' }) },
    });
    rig.deposit(consumer, 1_000n);
    rig.charge(consumer, payee, 10);
    const report = await meanwhile(rig, rig.settler.settleNow({ timeoutMs: 1_000 }));
    expect(report).toMatchObject({ done: false, confirmed: [] });
    expect(report.waitingFor).toContain('charges');
  });

  it('goes on at once while its batches are full, and then waits for the interval again', async () => {
    const rules = { intervalMs: 3_600_000, minTotal: units(1), ageMaxMs: 7_200_000, entriesMax: 5 };
    const rig = createSettlementRig({ rules });
    const accounts = Array.from({ length: 10 }, (_, index) => addressOf(`account ${index}`));
    for (const account of accounts) rig.deposit(account, 1_000n);
    for (const account of accounts) rig.charge(account, payee, 10);
    await rig.run();
    expect(rig.chain.lanes.get(0)?.batch ?? 0).toBe(0);
    rig.clock.advance(3_600_000);
    // Four accounts and a payee a batch: two full ones, and one that is not.
    for (let batches = 0; batches < 5; batches++) await rig.run();
    expect(rig.chain.lanes.get(0)?.batch).toBe(3);
    for (const account of accounts) expect(rig.ledger.account(account)).toMatchObject({ settled: 10n });
    rig.charge(accounts[0] ?? '', payee, 5);
    await rig.run(3);
    expect(rig.chain.lanes.get(0)?.batch).toBe(3);
  });

  it('asks the least total of a batch that follows a full one too', async () => {
    const rules = { intervalMs: 0, minTotal: units(15), ageMaxMs: 7_200_000, entriesMax: 3 };
    const rig = createSettlementRig({ rules });
    for (const name of [consumer, other, secondPayee]) {
      rig.deposit(name, 1_000n);
      rig.charge(name, payee, 10);
    }
    for (let batches = 0; batches < 3; batches++) await rig.run(3);
    expect(rig.chain.lanes.get(0)?.batch).toBe(1);
  });

  it('takes a batch apart whose filing was broken off, and settles every unit once', async () => {
    const rig = createSettlementRig();
    const { store } = rig;
    const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
    let steps = 0;
    rig.restart({
      propose: async (request) => propose({ ...request, partLeavesMax: 2 }),
      batches: {
        ...store.batches,
        seal(proposal, nowMs) {
          const sealing = store.batches.seal(proposal, nowMs);
          const step = () => {
            if (++steps === 3) throw new Error('database is locked');
            return sealing.step();
          };
          return { ...sealing, step };
        },
      },
    });
    rig.deposit(consumer, 1_000_000n);
    rig.deposit(other, 1_000_000n);
    for (let price = 1; price <= 7; price++) rig.charge(price % 2 ? consumer : other, payee, price);
    const failure = await meanwhile(rig, rig.settler.turn().catch(String));
    expect(failure).toContain('locked');
    const [half] = store.batches.open();
    expect(store.batches.isWhole(half?.id ?? 0)).toBe(false);
    expect(rig.chain.builds).toBe(0);
    await meanwhile(rig, rig.run());
    expect(steps).toBe(7);
    expectSettled(rig, { consumer: 16, other: 12, payee: 28 });
    expect(rig.chain.lanes.get(0)?.batch).toBe(1);
  });

  it('chooses again when a charge was refunded after it was chosen', async () => {
    const rig = createSettlementRig();
    const { store } = rig;
    const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
    let choices = 0;
    rig.restart({
      propose: async (request) => {
        const proposal = propose(request);
        if (proposal && choices++ === 0) store.db.prepare("INSERT INTO refunds VALUES (?, 1, 300, 'x')").run(refunded);
        return proposal;
      },
    });
    rig.deposit(consumer, 1_000_000n);
    const refunded = rig.charge(consumer, payee, 300);
    rig.charge(consumer, payee, 20);
    await rig.run();
    expect(choices).toBe(2);
    expect(rig.chain.accounts.get(consumer)?.settled).toBe(20n);
  });

  it('splits what does not fit into one batch without losing a unit', async () => {
    const rig = createSettlementRig({
      rules: { intervalMs: 0, minTotal: units(1), ageMaxMs: 3_600_000, entriesMax: 5 },
    });
    const accounts = Array.from({ length: 13 }, (_, index) => addressOf(`account ${index}`));
    for (const account of accounts) rig.deposit(account, 1_000n);
    for (const [index, account] of accounts.entries()) rig.charge(account, index % 2 ? payee : secondPayee, 10 + index);
    for (let batches = 0; batches < 6; batches++) await rig.run();
    for (const [index, account] of accounts.entries()) {
      expect(rig.chain.accounts.get(account)?.settled).toBe(BigInt(10 + index));
      expect(rig.ledger.account(account)).toMatchObject({ settled: BigInt(10 + index), unsettled: 0n });
    }
  });
});

describe('a crash during settlement', () => {
  const steps = [
    'before the envelope is kept',
    'after it is kept',
    'after it is sent',
    'after it landed',
    'after the books moved',
  ];
  it.each(steps)('%s settles every unit once', async (step) => {
    const rig = funded();
    rig.charge(consumer, payee, 300);
    rig.charge(other, secondPayee, 20);
    const { batches } = rig.store;
    const { send } = rig.chain.rpc;
    let crashed = false;
    const crash = () => {
      crashed = true;
      throw new Error('killed');
    };
    rig.restart({
      batches: {
        ...batches,
        recordEnvelope: async (...args) => {
          if (step === steps[0] && !crashed) crash();
          await batches.recordEnvelope(...args);
        },
      },
      rpc: {
        ...rig.chain.rpc,
        send: async (envelope) => {
          if (step === steps[1] && !crashed) crash();
          const answer = await send(envelope);
          if (step === steps[2] && !crashed) crash();
          if (step === steps[3] && !crashed) {
            rig.chain.close();
            crash();
          }
          return answer;
        },
      },
      ...(step === steps[4]
        ? {
            confirm: (settled) => {
              rig.confirm(settled);
              return crash();
            },
          }
        : {}),
    });
    await rig.run(4);
    expect(crashed).toBe(true);
    rig.restart();
    await rig.run();
    expectSettled(rig, { consumer: 300, other: 20, payee: 300 });
    expect(rig.chain.lanes.get(0)?.batch).toBe(1);
  });
});

describe('one settlement seen twice', () => {
  it('moves the books once, whichever witness comes first', async () => {
    for (const eventFirst of [true, false]) {
      const rig = funded();
      rig.charge(consumer, payee, 300);
      await rig.settler.turn();
      rig.chain.close();
      if (eventFirst) rig.watch();
      await rig.run();
      rig.watch();
      rig.watch();
      expectSettled(rig, { consumer: 300, payee: 300 });
    }
  });
});
