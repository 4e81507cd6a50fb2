import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveAlias } from '../../src/deposits/classic-alias.ts';
import { formatUsdc, units } from '../../src/money.ts';
import { HorizonError } from '../../src/stellar/horizon.ts';
import { addressOf } from '../settlement/rig.ts';
import { openTestStore } from '../store/rig.ts';
import { aliasKey } from './classic-rig.ts';
import { createForwardRig, type ForwardRig } from './forward-rig.ts';
import { memoHash, memoId, muxed, type RawRecord } from './scripted-horizon.ts';
import type { SendFault } from './scripted-vault.ts';

/** Anything that can happen between a payer's wallet and the vault, one step at a time. */
type Step =
  | { do: 'pay'; account: number; by: 'id' | 'hash' | 'muxed'; amount: number }
  | { do: 'noise'; kind: 'no_memo' | 'fake' | 'failed' | 'dust' | 'poison' }
  | { do: 'ledgers'; count: number }
  | { do: 'faults'; faults: SendFault[] }
  | { do: 'crash'; step: number; before: boolean }
  | {
      do:
        | 'watch'
        | 'forward'
        | 'repeat_page'
        | 'reverse_page'
        | 'cut_page'
        | 'congest'
        | 'flow'
        | 'fail'
        | 'pause'
        | 'unpause'
        | 'lose_look_ups'
        | 'lose_database';
    };

const people = ['alice', 'bob', 'carol'].map(addressOf);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      account: fc.nat(2),
      by: fc.constantFrom('id' as const, 'hash' as const, 'muxed' as const),
      amount: fc.integer({ min: 10_000_000, max: 90_000_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('noise' as const),
      kind: fc.constantFrom('no_memo', 'fake', 'failed', 'dust', 'poison'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('watch' as const, 'forward' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ledgers' as const), count: fc.constantFrom(1, 5, 20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('faults' as const),
      faults: fc.array(fc.constantFrom<SendFault>('reply_lost', 'request_lost', 'error_lost', 'try_again_lost'), {
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      step: fc.integer({ min: 1, max: 12 }),
      before: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'repeat_page' as const,
        'reverse_page' as const,
        'cut_page' as const,
        'congest' as const,
        'flow' as const,
        'fail' as const,
        'pause' as const,
        'unpause' as const,
        'lose_look_ups' as const,
        'lose_database' as const,
      ),
    }),
  },
);

describe('classic deposits under any order of payments, pages, crashes and lost replies', () => {
  it('reach the vault each exactly once, and nothing else does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
        await live(steps);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

async function live(steps: Step[]): Promise<void> {
  const rig = createForwardRig();
  const owed = new Map<bigint, { account: string; amount: bigint }>();
  const life = { rig, owed, databasesLost: 0 };
  for (const person of people) rig.classic.open(person);
  for (const one of steps) await play(life, one);

  // The network recovers, and time passes.
  Object.assign(rig.chain, { congested: false, paused: false, failNext: 0, faults: [], lookUpsLost: 0 });
  rig.classic.horizon.pages = [];
  rig.classic.horizon.failures = [];
  rig.restart();
  await rig.classic.catchUp();
  await rig.run(1_000);
  expect(sorted(rig.chain.taken)).toEqual(sorted(owed));
  if (life.databasesLost === 0) expect(rig.chain.twins).toBe(0);
  for (const [id, { account, amount }] of owed) {
    const row = rig.classic.store.classicPayments.byOperation(String(id));
    expect(row).toMatchObject({ state: 'forwarded', amount });
    if (row?.account !== undefined) expect(row.account).toBe(account);
  }
}

function sorted<Value>(map: Map<bigint, Value>): [bigint, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

type Life = { rig: ForwardRig; owed: Map<bigint, { account: string; amount: bigint }>; databasesLost: number };

async function play(life: Life, step: Step): Promise<void> {
  const { rig } = life;
  const { chain } = rig;
  const { horizon } = rig.classic;
  switch (step.do) {
    case 'pay': {
      const account = people[step.account] ?? '';
      const record = horizon.pay(sevenDecimals(step.amount), ...toward(account, step.by));
      life.owed.set(BigInt(String(record.id)), { account, amount: BigInt(step.amount) });
      return;
    }
    case 'noise':
      return noise(rig, step.kind);
    case 'watch':
      await rig.classic.watcher.turn().catch(() => undefined);
      return;
    case 'forward':
      await rig.forwarder.turn().catch(() => rig.restart());
      return;
    case 'crash':
      rig.dieAt = { step: rig.steps.length + step.step, before: step.before };
      return;
    case 'ledgers':
      horizon.latestLedger += step.count;
      rig.classic.clock.advance(step.count * 5_000);
      chain.close(step.count * 5);
      return;
    case 'faults':
      chain.faults.push(...step.faults);
      return;
    case 'repeat_page':
      horizon.pages.push((page) => page.flatMap((record) => [record, record]));
      return;
    case 'reverse_page':
      horizon.pages.push((page) => page.toReversed());
      return;
    case 'cut_page':
      horizon.failures.push(new HorizonError('transport', 'cut'));
      return;
    case 'congest':
      chain.congested = true;
      return;
    case 'flow':
      chain.congested = false;
      return;
    case 'fail':
      chain.failNext = 1;
      return;
    case 'pause':
      chain.paused = true;
      return;
    case 'unpause':
      chain.paused = false;
      return;
    case 'lose_look_ups':
      chain.lookUpsLost += 3;
      return;
    case 'lose_database': {
      life.databasesLost++;
      rig.restart(openTestStore().store);
      for (const person of people) rig.classic.open(person);
      return;
    }
  }
}

function toward(account: string, by: 'id' | 'hash' | 'muxed'): [RawRecord, RawRecord?] {
  const alias = deriveAlias(aliasKey, account);
  if (by === 'muxed') return [muxed(alias)];
  return [{}, by === 'id' ? memoId(alias) : memoHash(account)];
}

function noise({ classic: { horizon } }: ForwardRig, kind: Extract<Step, { do: 'noise' }>['kind']): void {
  const memo = memoHash(people[0] ?? '');
  switch (kind) {
    case 'no_memo':
      horizon.pay('5.0000000');
      return;
    case 'fake':
      horizon.pay('5.0000000', { asset_issuer: addressOf('fake issuer') }, memo);
      return;
    case 'failed':
      horizon.pay('5.0000000', { transaction_successful: false }, memo);
      return;
    case 'dust':
      horizon.pay('0.0000001', {}, memo);
      return;
    case 'poison':
      horizon.pay('5.0000000', { created_at: 'never' }, memo);
      return;
  }
}

function sevenDecimals(amount: number): string {
  const [whole = '0', fraction = ''] = formatUsdc(units(amount)).split('.');
  return `${whole}.${fraction.padEnd(7, '0')}`;
}
