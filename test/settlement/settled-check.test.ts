import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { differingSettlements, type SettledCheckDeps } from '../../src/settlement/settled-check.ts';
import type { VaultLane } from '../../src/stellar/vault-views.ts';

const root = (text: string) => text.repeat(64).slice(0, 64);

/** Books with one payee and two lanes, the second of them never used, and a vault that says the same. */
function scripted() {
  const state = {
    gross: 300n,
    batch: 7,
    chain: root('c') as string | undefined,
    seenLedger: 100,
    open: [] as { lane: number; batch: number; root: string }[],
    incomplete: false,
    vault: {
      ledger: 100,
      gross: 300n as bigint | undefined,
      lane: { batch: 7, root: root('7'), chain: root('c'), ledger: 90 } as VaultLane | undefined,
      other: undefined as VaultLane | undefined,
    },
    /** What happens once the vault has answered. */
    catchUp: (): void => undefined,
  };
  let answered = false;
  const clock = fakeClock();
  const deps = (): SettledCheckDeps => ({
    vault: {
      async settled() {
        const { ledger, gross, lane, other } = state.vault;
        answered = true;
        return { ledger, gross: [gross === undefined ? undefined : units(gross)], lanes: [lane, other] };
      },
    },
    payouts: { earnings: () => [{ payee: 'P', lane: 0, gross: units(state.gross) }] },
    batches: { open: () => state.open as never },
    rootChain: {
      lanes: async () => [{ lane: 0, first: 1, last: { batch: state.batch, chain: state.chain } }],
    },
    meta: { get: () => undefined },
    lanes: 2,
    incomplete: state.incomplete,
    catchUp: async () => (answered ? state.catchUp() : undefined),
    seenLedger: () => state.seenLedger,
    clock: { sleep: async (ms) => clock.advance(ms) },
  });
  return { state, found: async () => [...(await differingSettlements(deps())).keys()] };
}

describe('what was settled, by the books and by the vault', () => {
  it('is the same', async () => {
    expect(await scripted().found()).toEqual([]);
  });

  it.each<[string, (state: ReturnType<typeof scripted>['state']) => unknown, string]>([
    ['the vault has paid a payee more', ({ vault }) => Object.assign(vault, { gross: 301n }), 'P in lane 0'],
    ['the vault has paid a payee less', ({ vault }) => Object.assign(vault, { gross: 299n }), 'P in lane 0'],
    ['the vault has a batch more', ({ vault }) => Object.assign(vault.lane ?? {}, { batch: 8 }), 'lane 0'],
    ['the vault has a batch less', ({ vault }) => Object.assign(vault.lane ?? {}, { batch: 6 }), 'lane 0'],
    ['the roots lead elsewhere', ({ vault }) => Object.assign(vault.lane ?? {}, { chain: root('d') }), 'lane 0'],
    [
      'a lane is used that no batch of ours is in',
      ({ vault }) => Object.assign(vault, { other: vault.lane }),
      'lane 1',
    ],
    [
      'another root landed under the number of a batch under way',
      ({ vault, open }) => {
        open.push({ lane: 0, batch: 8, root: root('8') });
        vault.lane = { batch: 8, root: root('9'), chain: root('d'), ledger: 99 };
      },
      'lane 0',
    ],
  ])('differs when %s', async (_, harm, what) => {
    const { state, found } = scripted();
    harm(state);
    expect(await found()).toEqual([what]);
  });

  it('does not differ by a batch of ours that landed and is not booked yet', async () => {
    const { state, found } = scripted();
    state.open.push({ lane: 0, batch: 8, root: root('8') });
    Object.assign(state.vault, { gross: 350n, lane: { batch: 8, root: root('8'), chain: root('d'), ledger: 99 } });
    expect(await found()).toEqual([]);
    state.vault.gross = 299n;
    expect(await found()).toEqual(['P in lane 0']);
  });

  it('does not differ by what is booked while the vault is asked', async () => {
    const { state, found } = scripted();
    Object.assign(state.vault, {
      gross: 350n,
      lane: { batch: 8, root: root('8'), chain: root('d'), ledger: 101 },
      ledger: 101,
    });
    state.catchUp = () => void Object.assign(state, { gross: 400n, batch: 9, chain: root('e'), seenLedger: 105 });
    expect(await found()).toEqual([]);
  });

  it('may be more in the vault where the books do not know all of its time, and never less', async () => {
    const { state, found } = scripted();
    Object.assign(state, { incomplete: true, chain: undefined });
    state.vault.gross = 900n;
    expect(await found()).toEqual([]);
    state.vault.gross = 299n;
    expect(await found()).toEqual(['P in lane 0']);
  });

  it('is not told by a server that lags, nor by a record that is archived', async () => {
    const { state, found } = scripted();
    Object.assign(state.vault, { ledger: 99, gross: 200n });
    await expect(found()).rejects.toThrow('settlements are of ledger 99, but 100 was read before');
    Object.assign(state.vault, { ledger: 100, gross: undefined, lane: undefined });
    expect(await found()).toEqual([]);
  });
});
