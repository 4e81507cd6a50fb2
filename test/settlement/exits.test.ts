import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { createExitDesk, type ExitDeskDeps } from '../../src/settlement/exits.ts';
import type { PreparedExit } from '../../src/stellar/exit-signer.ts';
import { openTestStore } from '../store/rig.ts';

/** The order that money needs: check, row and hold in one step, then the disk, then the signature. */

type Wish = { to: string; amount: number };

function build({ deposited = 1_000, ...overrides }: Partial<ExitDeskDeps> & { deposited?: number } = {}) {
  const { store, clock } = openTestStore();
  const ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => 0 });
  const account = ledger.open({
    id: store.accounts.ensure('GA'),
    address: 'GA',
    deposited: units(deposited),
    limit: units(10n ** 12n),
  });
  const events: string[] = [];
  const rig = { madeLedger: 100, synced: 0 };
  const desk = createExitDesk({
    stop: () => undefined,
    vault: 'CV',
    signer: {
      async prepare(terms): Promise<PreparedExit> {
        events.push(`prepare ${terms.amount}`);
        const envelopeXdr = `envelope of ${terms.amount} to ${terms.to}`;
        return { ok: true, envelopeXdr, madeLedger: rig.madeLedger, expiresLedger: rig.madeLedger + 90 };
      },
      async sign(envelopeXdr) {
        events.push(`sign, ${store.exits.openOf(account.id) ? 'row' : 'no row'}, ${account.exits} held`);
        return { envelopeXdr: `signed ${envelopeXdr}`, maxTimeS: 1 };
      },
    },
    exits: store.exits,
    ledger,
    seenLedger: () => 100,
    sync: async () => {
      events.push('sync');
      await store.sync();
    },
    clock,
    log: silentLog(),
    ...overrides,
  });
  const ask = ({ to, amount }: Wish) => desk.request('GA', { to, amount: units(amount) });
  return { store, ledger, account, desk, ask, events, rig };
}

describe('a co-signed exit', () => {
  it('is signed only when its row is on disk and its amount on hold', async () => {
    const { ask, events, account } = build();
    const answer = await ask({ to: 'GT', amount: 600 });
    expect(answer).toMatchObject({ ok: true, signed: { envelopeXdr: 'signed envelope of 600 to GT' } });
    expect(events).toEqual(['prepare 600', 'sync', 'sign, row, 600 held']);
    expect(account.exits).toBe(600n);
  });

  it.each<[string, string[], bigint]>([
    ['before it is asked for', [], 0n],
    ['while the network is asked', ['prepare 600'], 0n],
    // The hold is written by then, and ends with the last ledger that a signature would have had.
    ['while its row is brought to the disk', ['prepare 600', 'sync'], 600n],
  ])('is not signed when the books are found in doubt %s', async (_, before, held) => {
    const stop = { code: 'sales_stopped', detail: 'why' } as const;
    const { ask, events, account } = build({
      stop: () => (events.length >= before.length ? stop : undefined),
    });
    expect(await ask({ to: 'GT', amount: 600 })).toEqual({ ok: false, reason: 'stopped', ...stop });
    expect([events, account.exits]).toEqual([before, held]);
  });

  it('asked for again is the same, and holds nothing more', async () => {
    const { ask, events, account, rig } = build();
    const first = await ask({ to: 'GT', amount: 600 });
    rig.madeLedger = 120;
    expect(await ask({ to: 'GT', amount: 600 })).toEqual(first);
    expect(events.filter((event) => event.startsWith('prepare'))).toHaveLength(1);
    expect(account.exits).toBe(600n);
  });

  it.each([[{ to: 'GT', amount: 601 }], [{ to: 'GX', amount: 600 }], [{ to: 'GT', amount: 1 }]])(
    'keeps out another one: %j',
    async (other) => {
      const { ask, account } = build();
      await ask({ to: 'GT', amount: 600 });
      expect(await ask(other)).toMatchObject({ ok: false, reason: 'pending', open: { amount: 600n, to: 'GT' } });
      expect(account.exits).toBe(600n);
    },
  );

  it('of two at the same moment gets one hold: equal ones share it, others are refused', async () => {
    const { ask, account, store } = build();
    const answers = await Promise.all([
      ask({ to: 'GT', amount: 600 }),
      ask({ to: 'GT', amount: 600 }),
      ask({ to: 'GT', amount: 400 }),
    ]);
    expect(answers.map((answer) => (answer.ok ? answer.exit.id : answer.reason))).toEqual([1, 1, 'pending']);
    expect(account.exits).toBe(600n);
    expect(store.exits.list({ limit: 9 })).toHaveLength(1);
  });

  it('takes no more than is left when it is written, whatever was left when it was asked for', async () => {
    const { ask, ledger, account, store, events } = build();
    const asked = ask({ to: 'GT', amount: 600 });
    expect(ledger.hold(account, undefined, units(401)).ok).toBe(true);
    expect(await asked).toMatchObject({ ok: false, reason: 'too_large', available: 599n });
    expect(events.some((event) => event.startsWith('sign'))).toBe(false);
    expect(store.exits.list({ limit: 9 })).toEqual([]);
    expect(account.exits).toBe(0n);
  });

  it('takes no more than is left when the network has answered: a call may have come meanwhile', async () => {
    const { ledger, account, store, desk, events } = build({
      signer: {
        async prepare() {
          expect(ledger.hold(account, undefined, units(401)).ok).toBe(true);
          return { ok: true, envelopeXdr: 'x', madeLedger: 100, expiresLedger: 190 };
        },
        sign: () => Promise.reject(new Error('it must not be signed')),
      },
    });
    const asked = desk.request('GA', { to: 'GT', amount: units(600) });
    expect(await asked).toMatchObject({ ok: false, reason: 'too_large', available: 599n });
    expect(store.exits.list({ limit: 9 })).toEqual([]);
    expect([account.exits, events]).toEqual([0n, []]);
  });

  it('that is too large costs the network no question', async () => {
    const { ask, desk, events } = build();
    expect(await ask({ to: 'GT', amount: 1_001 })).toMatchObject({ reason: 'too_large', available: 1_000n });
    const unknown = await desk.request('GNOBODY', { to: 'GT', amount: units(1) });
    expect(unknown).toMatchObject({ reason: 'too_large', available: 0n });
    expect(events).toEqual([]);
  });

  it.each([131, 1_000_000, -400])(
    'is not signed when the network names ledger %i and 100 was seen',
    async (madeLedger) => {
      const { ask, rig, account, events } = build();
      rig.madeLedger = madeLedger;
      expect(await ask({ to: 'GT', amount: 600 })).toEqual({ ok: false, reason: 'chain_unavailable' });
      expect(account.exits).toBe(0n);
      expect(events).toEqual(['prepare 600']);
    },
  );

  it('is prepared for so many accounts at once and no more', async () => {
    const { desk, store, ledger } = build();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const address = `G${index}`;
        ledger.open({ id: store.accounts.ensure(address), address, deposited: units(10) });
        return desk.request(address, { to: 'GT', amount: units(1) });
      }),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(32);
    expect(answers.filter((answer) => !answer.ok && answer.reason === 'overloaded')).toHaveLength(8);
  });

  it('that the network would refuse, or that it cannot be asked about, holds nothing', async () => {
    const refused = build({ signer: { prepare: async () => ({ ok: false, detail: 'no' }), sign: never } });
    expect(await refused.ask({ to: 'GT', amount: 1 })).toEqual({ ok: false, reason: 'refused', detail: 'no' });
    expect(refused.account.exits).toBe(0n);
    const gone = build({ signer: { prepare: never, sign: never } });
    expect(await gone.ask({ to: 'GT', amount: 1 })).toEqual({ ok: false, reason: 'chain_unavailable' });
    expect(gone.account.exits).toBe(0n);
  });

  it('that the disk did not take is not signed, keeps its hold, and can be asked for again', async () => {
    let broken = true;
    const { ask, account, events } = build({
      sync: async () => {
        if (broken) throw new Error('EIO');
      },
    });
    expect(await ask({ to: 'GT', amount: 600 })).toEqual({ ok: false, reason: 'not_written' });
    expect(events).toEqual(['prepare 600']);
    expect(account.exits).toBe(600n);
    broken = false;
    expect(await ask({ to: 'GT', amount: 600 })).toMatchObject({ ok: true });
    expect(account.exits).toBe(600n);
  });

  it('whose signing fails keeps its hold: the row alone cannot tell whether a signature is out', async () => {
    const { ask, account, store } = build({
      signer: {
        prepare: async () => ({ ok: true, envelopeXdr: 'AA', madeLedger: 100, expiresLedger: 190 }),
        sign: never,
      },
    });
    await expect(ask({ to: 'GT', amount: 600 })).rejects.toThrow();
    expect(account.exits).toBe(600n);
    expect(store.exits.openOf(account.id)).toMatchObject({ state: 'open' });
    await expect(ask({ to: 'GT', amount: 600 })).rejects.toThrow();
    expect(await ask({ to: 'GT', amount: 1 })).toMatchObject({ reason: 'pending' });
  });

  it('never leaves less than is owed, however exits and calls of one turn fall', async () => {
    const wish = fc.record({ exit: fc.integer({ min: 1, max: 1_200 }) });
    const call = fc.record({ price: fc.integer({ min: 0, max: 400 }), captured: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(wish, call), { maxLength: 12 }), async (acts) => {
        const { ask, ledger, account, store } = build();
        const answers = acts.map(async (act): Promise<unknown> => {
          if ('exit' in act) return ask({ to: 'GT', amount: act.exit });
          await Promise.resolve();
          const held = ledger.hold(account, undefined, units(act.price));
          if (held.ok && act.captured) ledger.capture(held.hold);
          return held;
        });
        await Promise.all(answers);
        const signed = store.exits.list({ limit: 99 }).reduce((sum, row) => sum + row.amount, 0n);
        expect(account.exits).toBe(signed);
        expect(signed + account.unsettled + account.held <= 1_000n).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

async function never(): Promise<never> {
  throw new Error('not reachable');
}
