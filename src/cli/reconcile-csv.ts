import type { ReconcileView } from '../admin/books.ts';
import type { Column } from './output.ts';

/** One table for a spreadsheet: a record `total` for each sum over the books, and a record `check` for each identity. */
type Row = Record<(typeof titles)[number], string>;

const titles = ['record', 'name', 'of', 'books', 'chain', 'ok', 'note'] as const;

export function reconcileCsv({ checks, totals }: ReconcileView): { rows: Row[]; columns: Column<Row>[] } {
  const rows: Row[] = [
    ...totals.map(({ name, amount }) => ({
      record: 'total',
      name,
      of: '',
      books: amount,
      chain: '',
      ok: '',
      note: '',
    })),
    ...checks.map(({ name, subject, books, chain, ok, detail }) => ({
      record: 'check',
      name,
      of: subject,
      books,
      chain,
      ok: String(ok),
      note: detail,
    })),
  ];
  return { rows, columns: titles.map((title) => ({ title, value: (row) => row[title] })) };
}
