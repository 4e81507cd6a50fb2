import { createHash } from 'node:crypto';
import { readOwnFile } from '../own-files.ts';
import type { RawDb } from './raw-db.ts';

/** Brings the database forward to this version's tables, or refuses one that another version wrote. */
export function migrateStore(db: RawDb): void {
  const applied = refuseForeign(db);
  const missing = readMigrations().slice(applied);
  if (missing.length === 0) return;
  db.transaction(() => {
    db.exec(bookOfMigrations);
    const note = db.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
    for (const { statements, hash, whenMs } of missing) {
      for (const statement of statements) db.exec(statement);
      note.run(hash, whenMs);
    }
  }).immediate();
}

/** For read-only use: the tables must be exactly those of this version. */
export function requireMigrated(db: RawDb): void {
  const applied = refuseForeign(db);
  if (applied < readMigrations().length)
    throw new Error(`${db.name} has an older format: start the gateway once to bring it forward`);
}

/** The table in which drizzle's own tools look. */
const bookOfMigrations =
  'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)';

type Migration = { statements: string[]; hash: string; whenMs: number };

/** As drizzle-kit writes them. Its migrator reads folders only, and a binary may have none. */
function readMigrations(): Migration[] {
  const journal: { entries: { tag: string; when: number }[] } = JSON.parse(
    readOwnFile('drizzle/meta/_journal.json').toString(),
  );
  return journal.entries.map(({ tag, when }) => {
    const text = readOwnFile(`drizzle/${tag}.sql`).toString();
    const hash = createHash('sha256').update(text).digest('hex');
    return { statements: text.split('--> statement-breakpoint'), hash, whenMs: when };
  });
}

/** Number of applied migrations; throws when one of them is not ours. */
function refuseForeign(db: RawDb): number {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  if (tables.length === 0) return 0;
  if (!tables.includes('__drizzle_migrations')) throw new Error(`${db.name} is not a Callora database`);
  const applied = db.prepare('SELECT hash FROM __drizzle_migrations ORDER BY created_at').pluck().all();
  const known = readMigrations().map((migration) => migration.hash);
  if (applied.some((hash, index) => hash !== known[index])) {
    throw new Error(
      `${db.name} was written by another version of Callora (${applied.length} migrations, this version knows ${known.length}): use that version; the file is unchanged`,
    );
  }
  return applied.length;
}
