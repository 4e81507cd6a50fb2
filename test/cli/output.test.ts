import { describe, expect, it } from 'vitest';
import { printable, printFields, printTable } from '../../src/cli/output.ts';

function printed(print: (cli: { out(text: string): void }) => void): string {
  let all = '';
  print({
    out: (text) => {
      all += `${text}\n`;
    },
  });
  return all;
}

describe('a table', () => {
  it('lines its columns up, amounts to the right', () => {
    const rows = [
      { name: 'a', amount: '10.5' },
      { name: 'longer', amount: '2' },
    ];
    const text = printed((cli) =>
      printTable(
        cli,
        rows,
        [
          { title: 'name', value: (row) => row.name },
          { title: 'USDC', value: (row) => row.amount, align: 'right' },
        ],
        'none',
      ),
    );
    expect(text).toBe('name    USDC\na       10.5\nlonger     2\n');
  });

  it('without rows says so', () => {
    expect(printed((cli) => printTable(cli, [], [{ title: 'x', value: () => '' }], 'No rows.'))).toBe('No rows.\n');
  });
});

describe('what others wrote', () => {
  it.each(['\u001b[2J', 'a\nb', '\u009b1m', '\u202eabc', '\0'])('cannot steer the terminal: %j', (text) => {
    expect(printable(text)).not.toMatch(/\p{C}/u);
    expect(printed((cli) => printFields(cli, { label: text })).trimEnd()).not.toMatch(/[\p{C}]/u);
  });

  it('stays readable', () => {
    expect(printable('Zoë’s robot, 東京')).toBe('Zoë’s robot, 東京');
  });
});
