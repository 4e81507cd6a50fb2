import { play } from './commands.ts';
import { Life } from './life.ts';
import { ordinary, weighted } from './short-life.ts';
import { type LifeReport, live } from './simulate.ts';

const days = 30;
const daySeconds = 86_400;
/** Hours in which somebody calls. */
const busyHours = 8;
const callsAnHour = 3;
const settlement = ['settle by hand', 'ledger', 'settle', 'watch'];

/**
 * A month of one gateway: each day some hours of calls, settlement and payouts and a night without, every week a copy, a
 * restart and servers that forget what was read. At its end every receipt of the month leads to the vault's chain value.
 */
export function simulateMonth(seed: number): Promise<LifeReport> {
  return live(`month ${seed}`, Life.begin(seed, { migrated: true }), playMonth);
}

async function* playMonth(life: Life): AsyncGenerator<string> {
  const { network, random } = life;
  for (let day = 1; day <= days; day++) {
    for (let hour = 0; hour < busyHours; hour++) {
      const calls = Array.from({ length: callsAnHour }, () => ['call', 'head', 'end']).flat();
      for (const name of ['watch', ...calls, ...weighted(ordinary, random).split(', '), ...settlement]) {
        await play(life, name);
        yield name;
      }
      network.pass(3_600);
    }
    // A person looks after it at the end of a week.
    const chores = day % 7 === 0 ? ['backup', 'restart', 'watch', 'classic watch', 'history pruned'] : [];
    for (const name of ['watch', ...settlement, 'pay out', 'classic watch', 'classic forward', ...chores]) {
      await play(life, name);
      yield name;
    }
    network.pass(daySeconds - busyHours * 3_600);
  }
}
