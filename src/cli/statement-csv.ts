import type { Column } from './output.ts';
import type { Statement } from './statement.ts';

/**
 * One table for a spreadsheet. The `amount` of the records `opening`, `settled`, `fee` and `claimed` adds up to that of
 * `closing`; the records `day` and `route` are two cuts of the same usage and have no amount.
 */
type Row = Partial<Record<(typeof titles)[number], string>>;

const titles = [
  'record',
  'time',
  'api',
  'method',
  'route',
  'calls',
  'gross',
  'refunded',
  'net',
  'amount',
  'collected',
  'lane',
  'batch',
  'transaction',
  'link',
] as const;

export function statementCsv(statement: Statement): { rows: Row[]; columns: Column<Row>[] } {
  const { from, to, balance, by_day, by_route, lanes, settlements, payments } = statement;
  const usage = ({ calls, gross, refunded, net }: Statement['by_day'][number]) => ({
    calls: String(calls),
    gross,
    refunded,
    net,
  });
  const rows: Row[] = [
    { record: 'opening', time: from, amount: balance.opening },
    ...by_day.map((row) => ({ record: 'day', time: row.day ?? '', ...usage(row) })),
    ...by_route.map(({ api = '', method = '', route = '', ...row }) => ({
      record: 'route',
      api,
      method,
      route,
      ...usage(row),
    })),
    ...settlements.map((row) => ({
      record: 'settled',
      time: row.confirmed_at,
      amount: row.amount,
      lane: String(row.lane),
      batch: String(row.batch),
      transaction: row.tx_hash ?? '',
      link: row.link ?? '',
    })),
    ...lanes.map((row) => ({ record: 'fee', time: to, amount: negative(row.fee), lane: String(row.lane) })),
    ...payments.map((row) => ({
      record: row.kind,
      time: row.time,
      // The fee was taken off when it was earned; that it was collected moves nothing of the payee's.
      ...(row.kind === 'claimed' ? { amount: negative(row.amount) } : { collected: row.amount }),
      lane: String(row.lane),
      transaction: row.tx_hash,
      link: row.link ?? '',
    })),
    { record: 'closing', time: to, amount: balance.closing },
  ];
  return { rows, columns: titles.map((title) => ({ title, value: (row) => row[title] ?? '' })) };
}

function negative(amount: string): string {
  return amount === '0' ? '0' : `-${amount}`;
}
