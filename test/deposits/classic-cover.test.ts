import { describe, expect, it } from 'vitest';
import { compareCover } from '../../src/deposits/classic-cover.ts';
import { units } from '../../src/money.ts';

/** The account's balance and the books at each look, the last for ever. */
async function compare(looks: [chain: number, books: number][]) {
  let look = -1;
  const at = () => looks[Math.min(look, looks.length - 1)] ?? [0, 0];
  const cover = await compareCover({
    account: 'GA',
    async balance() {
      look++;
      return units(at()[0]);
    },
    held: () => units(at()[1]),
  });
  return cover.off;
}

describe('the deposit account', () => {
  it('covers its payments when it holds as much or more', async () => {
    expect(await compare([[50, 50]])).toBe(0n);
    expect(await compare([[51, 50]])).toBe(0n);
  });

  it('is short by what is missing', async () => {
    expect(await compare([[30, 50]])).toBe(-20n);
  });

  it('is not short when a payment arrived between the two questions', async () => {
    expect(
      await compare([
        [0, 50],
        [50, 50],
      ]),
    ).toBe(0n);
  });
});
