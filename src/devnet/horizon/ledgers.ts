/** Closed ledgers, one by one and as a list. */
import { ledgerResource } from './ledger-resource.ts';
import type { PageQuery } from './page.ts';
import { badRequest, beforeHistory, notFound } from './problem.ts';
import type { Asked, HalRecord, Shelf, Site } from './route.ts';

export function ledgerAt({ chain, view, base }: Site, asked: Asked): HalRecord {
  const sequence = ledgerParam(asked);
  if (sequence < view.oldest) throw beforeHistory();
  const record = chain.history.ledger(sequence);
  if (!record) throw notFound();
  return ledgerResource(record, base);
}

/** A sequence that has the form of one; throws 400 for others. */
export function ledgerParam(asked: Asked): number {
  const text = asked.param('ledger_id');
  const sequence = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (sequence <= 0xffffffff) return sequence;
  throw badRequest('ledger_id', 'Ledger ID must be an integer higher than 0');
}

const SEQUENCE_BITS = 32n;

/** Ledgers are found by their number, so that a page costs the same however many there are. */
export function ledgers({ chain, base }: Site): Shelf {
  return {
    page(query) {
      const records: HalRecord[] = [];
      for (const sequence of sequences(query)) {
        const record = chain.history.ledger(sequence);
        if (record) records.push(ledgerResource(record, base));
      }
      return records;
    },
  };
}

/** Of the ledgers whose tokens are on the page; a ledger's token is its first position. */
function* sequences({ after, order, limit, first, last }: PageQuery): Iterable<number> {
  const low = Number(first >> SEQUENCE_BITS);
  const high = Number(last >> SEQUENCE_BITS);
  if (order === 'asc') {
    const start = Math.max(low, Number(after >> SEQUENCE_BITS) + 1);
    for (let at = start; at <= high && at < start + limit; at++) yield at;
  } else {
    const start = Math.min(high, Number((after - 1n) >> SEQUENCE_BITS));
    for (let at = start; at >= low && at > start - limit; at--) yield at;
  }
}
