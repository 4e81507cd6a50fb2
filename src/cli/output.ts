import { csvText } from '../csv.ts';
import type { Cli } from './cli.ts';

/** Tables for people, CSV for spreadsheets, JSON for programs. */

export type Column<Row> = { title: string; value: (row: Row) => string; align?: 'right' };

/** Prints rows as a table, or says that there are none. */
export function printTable<Row>(cli: Pick<Cli, 'out'>, rows: Row[], columns: Column<Row>[], empty: string): void {
  if (rows.length === 0) {
    cli.out(empty);
    return;
  }
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)));
  const line = (values: string[]) =>
    values
      .map((value, at) => {
        const width = widths[at] ?? 0;
        return columns[at]?.align === 'right' ? value.padStart(width) : value.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  cli.out([line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n'));
}

/** Prints rows as CSV under the columns' titles; the header is there also when there are no rows. */
export function printCsv<Row>(cli: Pick<Cli, 'out'>, rows: Row[], columns: Column<Row>[]): void {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const text = csvText([columns.map(({ title }) => title), ...cells]);
  // `out` ends the last line itself.
  cli.out(text.slice(0, -1));
}

/** Prints names and values in two columns; absent values are left out. */
export function printFields(cli: Pick<Cli, 'out'>, fields: Record<string, string | number | null | undefined>): void {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  cli.out(shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value))}`).join('\n'));
}

export function printJson(cli: Pick<Cli, 'out'>, value: unknown): void {
  cli.out(JSON.stringify(value, null, 2));
}

/** Labels and upstream texts come from others: what would steer a terminal is shown, not sent to it. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** The beginning and the end of an address, enough to tell a few apart in a table. */
export function short(address: string): string {
  return address.length > 20 ? `${address.slice(0, 6)}…${address.slice(-6)}` : address;
}
