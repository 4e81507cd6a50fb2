import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../src/log.ts';
import { connect } from '../../src/store/connect.ts';
import { migrateStore } from '../../src/store/migrate.ts';

let bytes: Buffer | undefined;

/** An empty database with all its tables, made once by the product's own migrations. */
export function copyMigrated(to: string): void {
  bytes ??= migrate();
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, bytes, { mode: 0o600 });
}

function migrate(): Buffer {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-migrated-'));
  const file = path.join(folder, 'callora.db');
  const db = connect(file, false, silentLog());
  migrateStore(db);
  db.close();
  const migrated = fs.readFileSync(file);
  fs.rmSync(folder, { recursive: true });
  return migrated;
}
