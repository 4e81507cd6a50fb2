import { describe, expect, it, onTestFinished } from 'vitest';
import { units } from '../../src/money.ts';
import { booksSteps } from '../../src/settlement/books-check.ts';
import { type Step, World } from '../store/books-world.ts';
import { writeCharge } from '../store/rig.ts';

/** Every account has money, calls that wait, calls in a batch and calls that are settled; one has an exit. */
async function fullBooks(): Promise<World> {
  const world = new World();
  world.open();
  onTestFinished(() => world.close());
  const each = (act: (who: number) => Step) => [0, 1, 2].map(act);
  const calls = each((who) => call(who, 30));
  const acts: Step[] = [
    ...each((who) => ({ do: 'deposit', who, amount: 500 })),
    ...calls,
    { do: 'settle' },
    { do: 'exit', who: 1, amount: 7 },
    ...calls,
    { do: 'seal' },
    ...calls,
    ...calls,
  ];
  for (const act of acts) await world.take(act);
  world.check();
  return world;
}

function call(who: number, price: number, end: 'charge' | 'refund' = 'charge'): Step {
  return { do: 'call', who, payee: 0, price, end, token: false };
}

/** What happens between the steps of the walk, to all accounts. */
const meanwhile: Step[] = [
  call(2, 11),
  { do: 'deposit', who: 0, amount: 3 },
  call(0, 5, 'refund'),
  { do: 'land' },
  { do: 'exit', who: 2, amount: 2 },
  call(1, 9),
  { do: 'seal' },
  { do: 'exit_lands', who: 1 },
  { do: 'land' },
];

async function differences(world: World): Promise<string[]> {
  const { store, ledger } = world;
  const bounds = { chargesMax: 2, othersMax: 1, accountsMax: 1 };
  const steps = booksSteps({ accounts: { walk: () => store.accounts.walk(bounds) }, ledger });
  const acts = [...meanwhile];
  for (;;) {
    const step = steps.next();
    if (step.done) {
      expect(acts).toEqual([]);
      return step.value;
    }
    const act = acts.shift();
    if (act) await world.take(act);
  }
}

const insertCharge = (price: number) => (world: World) => void writeCharge(world.store, { account: 'GB', price });

type Fault = [name: string, plant: (world: World) => void, found: string[]];

const faults: Fault[] = [
  ['nothing', () => undefined, []],
  [
    'a balance in memory',
    (world) => {
      const slot = world.slot('GC');
      slot.deposited = units(slot.deposited + 1n);
    },
    ['GC deposited: 0.0000501 in memory, 0.00005 stored'],
  ],
  [
    'what an account owes in memory',
    (world) => {
      const slot = world.slot('GA');
      slot.charged = units(slot.charged + 1n);
      slot.unsettled = units(slot.unsettled + 1n);
    },
    [
      'GA charged: 0.0000121 in memory, 0.000012 stored',
      'GA unsettled: 0.0000091 in memory, 0.000009 stored',
      'unsettled in all: 0.000027 kept, 0.0000271 by accounts',
    ],
  ],
  [
    'an exit that only memory has',
    (world) => {
      const slot = world.slot('GB');
      slot.exits = units(slot.exits + 1n);
    },
    ['GB exits: 0.0000008 in memory, 0.0000007 stored'],
  ],
  [
    'a row of an account',
    (world) => world.store.db.exec("UPDATE accounts SET withdrawn = withdrawn + 1 WHERE address = 'GB'"),
    ['GB withdrawn: 0 in memory, 0.0000001 stored'],
  ],
  [
    'a charge that only the database has',
    insertCharge(4),
    ['GB charged: 0.000012 in memory, 0.0000124 stored', 'GB unsettled: 0.000009 in memory, 0.0000094 stored'],
  ],
  [
    'a refund that only the database has',
    (world) => world.store.db.exec('INSERT INTO refunds SELECT MAX(charge_id), 1, 30, 1 FROM unsealed'),
    ['GC refunded: 0 in memory, 0.000003 stored', 'GC unsettled: 0.000009 in memory, 0.000006 stored'],
  ],
  [
    'an account that only the database has',
    (world) => void world.store.accounts.ensure('GD'),
    ['GD is not in memory', '3 accounts are in memory, 4 stored'],
  ],
  [
    'an account that only memory has',
    (world) => void world.ledger.open({ id: 9, address: 'GD' }),
    ['4 accounts are in memory, 3 stored'],
  ],
  [
    'a total that was not kept up',
    (world) => {
      const slot = world.slot('GB');
      slot.charged = units(slot.charged + 4n);
      slot.unsettled = units(slot.unsettled + 4n);
      insertCharge(4)(world);
    },
    ['unsettled in all: 0.000027 kept, 0.0000274 by accounts'],
  ],
];

describe('the check of the books, while calls go on', () => {
  it.each(faults)('finds %s', async (_, plant, found) => {
    const world = await fullBooks();
    plant(world);
    expect(await differences(world)).toEqual(found);
  });

  it('finds what went wrong behind its first step the next time at the latest', async () => {
    const world = await fullBooks();
    const { store, ledger } = world;
    const steps = booksSteps({ accounts: store.accounts, ledger });
    steps.next();
    insertCharge(4)(world);
    while (!steps.next().done);
    expect(await differences(world)).toHaveLength(2);
  });

  it('takes an account that comes meanwhile for no difference', async () => {
    const world = await fullBooks();
    const { store, ledger } = world;
    const bounds = { chargesMax: 1, othersMax: 1, accountsMax: 1 };
    const steps = booksSteps({ accounts: { walk: () => store.accounts.walk(bounds) }, ledger });
    steps.next();
    ledger.open({ id: store.accounts.ensure('GD'), address: 'GD' });
    let step = steps.next();
    while (!step.done) step = steps.next();
    expect(step.value).toEqual([]);
  });
});
