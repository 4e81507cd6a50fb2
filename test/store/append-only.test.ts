import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import type { Store } from '../../src/store/store.ts';
import { applyPayments, classicPayment, envelope, fillBooks } from './full-books.ts';
import { confirm, openTestStore, seal, writeCharge } from './rig.ts';

/** What a row about money says when it is written, it says for ever: the database refuses the rest, whoever asks. */

/** Columns that no statement may set, not even to what they are; `*` for all of a row. */
const fixed: [table: string, columns: string][] = [
  ['charges', '*'],
  ['finishes', '*'],
  ['refunds', '*'],
  ['audit', '*'],
  ['routes', '*'],
  ['unsealed', '*'],
  ['sealed_charges', '*'],
  ['vault_events', '*'],
  ['classic_set_aside', '*'],
  ['deposit_aliases', '*'],
  ['accounts', 'id address created_at_ms'],
  ['tokens', 'id jti account_id scope issued_at_ms expires_at_ms cap source label'],
  ['classic_payments', 'id operation_id ledger closed_at_ms tx_hash from_address to_address amount memo_type memo'],
  ['classic_sums', 'to_address state'],
  ['classic_forwards', 'hash payment_id envelope_xdr sequence max_time_s created_at_ms'],
  ['exits', 'id account_id to_address amount envelope_xdr made_ledger expires_ledger created_at_ms'],
  ['payouts', 'id payee lane amount tx_hash at_ms'],
  ['lanes', 'lane'],
  ['batches', 'id lane batch root total leaves oldest_at_ms sealed_at_ms'],
  ['batch_lines', 'batch_id position payee account_id amount carried_receivable carried_held'],
  ['batch_envelopes', 'hash batch_id envelope_xdr sequence max_time_s created_at_ms inner_hash'],
  ['receivables', 'id batch_id position account_id payee amount kind'],
  ['earnings', 'payee lane'],
  ['usage_daily', 'day account_id route_id'],
];

/** Nothing about money is lost with a row of these; `unsealed` is emptied by sealing. */
const mayLoseRows = [
  'api_pauses',
  'cursors',
  'idempotency_answers',
  'idempotency_keys',
  'idempotency_sums',
  'login_challenges',
  'meta',
  'payees',
  'unsealed',
  'webhook_conditions',
  'webhook_deliveries',
  'webhook_events',
];

async function fullBooks(): Promise<Store> {
  const { store } = openTestStore();
  await fillBooks(store);
  return store;
}

describe('a row about money', () => {
  it.each(fixed)('of %s keeps what it says: %s', async (table, columns) => {
    const { db } = await fullBooks();
    const rows = db.prepare(`SELECT rowid FROM ${table}`).pluck().all();
    expect(rows.length, table).toBeGreaterThan(0);
    for (const column of columns === '*' ? columnsOf(db, table) : columns.split(' ')) {
      const set = db.prepare(`UPDATE ${table} SET ${column} = ${column} WHERE rowid = ?`);
      for (const row of rows) expect(() => set.run(row), `${column} of row ${row}`).toThrow(/append only/);
    }
  });

  it('is deleted from no table', async () => {
    const { db } = await fullBooks();
    for (const table of tablesOf(db).filter((name) => !mayLoseRows.includes(name))) {
      const rows = db.prepare(`SELECT COUNT(*) FROM ${table}`).pluck();
      const before = rows.get();
      expect(before, table).toBeGreaterThan(0);
      expect(() => db.exec(`DELETE FROM ${table}`), table).toThrow(/append only/);
      expect(rows.get(), table).toBe(before);
    }
  });

  it('is replaced in no table', async () => {
    const { db } = await fullBooks();
    for (const table of tablesOf(db).filter((name) => !mayLoseRows.includes(name))) {
      expect(() => db.exec(`INSERT OR REPLACE INTO ${table} SELECT * FROM ${table}`), table).toThrow(/append only/);
    }
  });

  it.each([
    ['a confirmed batch', "UPDATE batches SET state = 'submitted', ledger = NULL WHERE state = 'confirmed'"],
    ['the ledger of a confirmed batch', "UPDATE batches SET ledger = 21 WHERE state = 'confirmed'"],
    ['the total of a batch on its way', "UPDATE batches SET total = total + 1 WHERE state = 'submitted'"],
    ['what the chain took of a line', 'UPDATE batch_lines SET taken = taken - 1 WHERE batch_id = 1'],
    ['an envelope that has landed', "UPDATE batch_envelopes SET state = 'expired' WHERE state = 'landed'"],
    ['the fee of an envelope', 'UPDATE batch_envelopes SET fee_stroops = 1 WHERE fee_stroops IS NOT NULL'],
    ['a debt that is closed', "UPDATE receivables SET state = 'open', in_batch_id = NULL WHERE state = 'closed'"],
    ['a debt that was given up', "UPDATE receivables SET state = 'open' WHERE state = 'written_off'"],
    ['earnings', 'UPDATE earnings SET gross = gross - 1'],
    ['a claim that was paid', "UPDATE payouts SET state = 'failed' WHERE state = 'paid'"],
    ['a claim that failed', "UPDATE payouts SET state = 'paid' WHERE state = 'failed'"],
    ['an exit that has landed', "UPDATE exits SET state = 'expired', tx_hash = NULL WHERE state = 'landed'"],
    ['an exit that has expired', "UPDATE exits SET state = 'open', ended_at_ms = NULL WHERE state = 'expired'"],
    ['a payment that was forwarded', "UPDATE classic_payments SET state = 'due' WHERE state = 'forwarded'"],
    ['the owner of a forwarded payment', 'UPDATE classic_payments SET account_id = NULL WHERE id = 1'],
    ['a forward that has ended', "UPDATE classic_forwards SET state = 'live' WHERE payment_id = 1"],
    ['a free call that was filed', 'DELETE FROM sealed_charges WHERE batch_id IS NULL'],
    ['a leaf of a batch on its way', 'DELETE FROM sealed_charges WHERE batch_id = 3'],
    ['a batch on its way', "DELETE FROM batches WHERE state = 'submitted'"],
    ['an envelope that may land', "DELETE FROM batch_envelopes WHERE state = 'live'"],
    ['an envelope that cost a fee', "DELETE FROM batch_envelopes WHERE state = 'failed'"],
    ['a revocation', 'UPDATE tokens SET revoked_at_ms = NULL WHERE revoked_at_ms IS NOT NULL'],
  ])('takes nothing back: %s', async (_, statement) => {
    const { db } = await fullBooks();
    expect(() => db.exec(statement)).toThrow(/append only/);
  });
});

describe('what is not yet final', () => {
  it('lets a batch be filed, taken apart, sent, sent again and confirmed', async () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    writeCharge(store, { account: 'GA', price: 7 });
    const first = sealed(seal(store));
    await store.batches.recordEnvelope(first.id, { ...envelope, hash: 'e1' });
    store.batches.endEnvelope('e1', 'failed');
    store.envelopeFees.note('e1', 100);
    store.batches.reopen(first.id);
    store.batches.unseal(first.id);
    const again = sealed(seal(store));
    await store.batches.recordEnvelope(again.id, { ...envelope, hash: 'e2' });
    store.batches.endEnvelope('e2', 'expired');
    store.batches.reopen(again.id);
    await store.batches.recordEnvelope(again.id, { ...envelope, hash: 'bb' });
    expect(confirm(store, again, [12n]).outcome).toBe('applied');
    store.envelopeFees.note('bb', 100);
    store.envelopeFees.note('bb', 100);
  });

  it('lets a debt be carried, put back, carried again and closed, and another given up', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    confirm(store, sealed(seal(store)), [40n]);
    raiseFunds(store);
    store.batches.unseal(sealed(seal(store)).id);
    confirm(store, sealed(seal(store)), [20n]);
    const [left] = store.receivables.list({ limit: 1 });
    expect(store.receivables.writeOff(left?.id ?? 0)).toMatchObject({ amount: 40n });
  });

  it('lets a payment find its owner, be tried, fail and reach the vault', () => {
    const { store } = openTestStore();
    const accountId = store.accounts.ensure('GA');
    applyPayments(store, classicPayment('1'), classicPayment('2', { memo: undefined }), classicPayment('3'));
    const { classicPayments, classicForwards } = store;
    expect(classicPayments.close(3, 'sent back by hand')).toBe(true);
    expect(classicPayments.assignAlias('GDEPOSIT', '7', accountId, units(1))).toBe(1);
    expect(classicPayments.assign(2, accountId, ['unattributed'], 'assigned by hand')).toBe(true);
    classicForwards.record(1, { ...envelope, hash: 'f1' });
    classicForwards.end(1, 'f1', 'failed');
    classicForwards.record(1, { ...envelope, hash: 'f2' });
    classicForwards.end(1, 'f2', 'landed');
    classicPayments.note(1, 'in the vault');
    classicPayments.markForwarded(2, undefined, 'the vault had it already');
    classicPayments.markForwarded(2, undefined, 'the vault had it already');
    expect(classicPayments.list({ limit: 3 }).map((row) => row.state)).toEqual(['closed', 'forwarded', 'forwarded']);
  });
});

function raiseFunds(store: Store): void {
  store.db.exec('UPDATE accounts SET deposited = 1000, limit_units = 1000');
}

function sealed<Batch>(batch: Batch | undefined): Batch {
  if (!batch) throw new Error('nothing was sealed');
  return batch;
}

function columnsOf(db: Store['db'], table: string): string[] {
  return db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
}

function tablesOf(db: Store['db']): string[] {
  return db
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_drizzle%' ESCAPE '\\' ORDER BY name",
    )
    .pluck()
    .all();
}
