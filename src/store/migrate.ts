import path from 'node:path';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { RawDb } from './raw-db.ts';

const migrationsFolder = path.resolve(import.meta.dirname, '../../drizzle');

/** Brings the database forward to this version's tables, or refuses one that another version wrote. */
export function migrateStore(db: RawDb): void {
  refuseForeign(db);
  migrate(drizzle(db), { migrationsFolder });
}

/** For read-only use: the tables must be exactly those of this version. */
export function requireMigrated(db: RawDb): void {
  const applied = refuseForeign(db);
  const known = readMigrationFiles({ migrationsFolder }).length;
  if (applied < known) throw new Error(`${db.name} has an older format: start the gateway once to bring it forward`);
}

/** Number of applied migrations; throws when one of them is not ours. */
function refuseForeign(db: RawDb): number {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  if (tables.length === 0) return 0;
  if (!tables.includes('__drizzle_migrations')) throw new Error(`${db.name} is not a Callora database`);
  const applied = db.prepare('SELECT hash FROM __drizzle_migrations ORDER BY created_at').pluck().all();
  const known = readMigrationFiles({ migrationsFolder }).map((migration) => migration.hash);
  if (applied.some((hash, index) => hash !== known[index])) {
    throw new Error(
      `${db.name} was written by another version of Callora (${applied.length} migrations, this version knows ${known.length}): use that version; the file is unchanged`,
    );
  }
  return applied.length;
}
