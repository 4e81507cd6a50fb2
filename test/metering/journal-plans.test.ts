import { describe, expect, it } from 'vitest';
import { createJournalRows } from '../../src/metering/journal-rows.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import { createTokens } from '../../src/store/tokens.ts';
import { planOf, prepared } from '../store/query-plan.ts';
import { openTestStore } from '../store/rig.ts';

/** What the planner walks through whole, for a statement with any number of parameters. */
function scans(db: RawDb, text: string): string[] {
  return planOf(db, text).filter((detail) =>
    /SCAN(?! (?:\d+-ROW VALUES CLAUSE|CONSTANT ROW|\(subquery-\d+\)))/.test(detail),
  );
}

describe('what every call writes', () => {
  it('is found by a key, however many calls, tokens and accounts there have been', () => {
    const { store } = openTestStore();
    const texts = prepared(store.db, createJournalRows);
    expect(texts).toHaveLength(10);
    expect(texts.flatMap((text) => scans(store.db, text))).toEqual([]);
  });

  it('looks up nothing that it refers to: that would cost the more the more accounts and tokens there are', () => {
    const { store } = openTestStore();
    expect(store.journalDb.pragma('foreign_keys', { simple: true })).toBe(0);
    expect(store.db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(store.journalDb.pragma('wal_autocheckpoint', { simple: true })).toBe(0);
    expect(store.journalDb.pragma('recursive_triggers', { simple: true })).toBe(1);
    expect(store.journalDb.pragma('synchronous', { simple: true })).toBe(1);
    expect(store.journalDb.name).toBe(store.db.name);
  });

  it('adds to no index besides the keys of its tables', () => {
    const { store } = openTestStore();
    const indexes = store.db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('charges', 'finishes', 'unsealed')",
      )
      .all();
    expect(indexes).toEqual([]);
  });

  it('takes one look at the tokens for a token never seen before', () => {
    const { store } = openTestStore();
    const write = <Result>(work: () => Result) => work();
    const [text = ''] = prepared(store.db, (db) => createTokens(db, write)).filter((each) =>
      each.startsWith('SELECT id FROM tokens'),
    );
    expect(text).not.toBe('');
    expect(scans(store.db, text)).toEqual([]);
  });
});
