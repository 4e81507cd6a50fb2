import { GatewayError } from '../errors.ts';
import { type Backup, BackupRefused } from '../store/backup.ts';

/** Copies of the database, made while it is in use. */
export type BackupDesk = {
  /** Writes a verified copy to an absolute path on the gateway's machine; never over another file. */
  backup(file: string): Promise<BackupView>;
};

export type BackupView = {
  file: string;
  bytes: number;
  /** Rows of each table, and sums of its amounts as `table.column` in units of 1e-7 USDC. */
  sums: Record<string, string>;
};

export type BackupDeskDeps = { backup: (to: string) => Promise<Backup> };

export function createBackupDesk(deps: BackupDeskDeps): BackupDesk {
  return {
    async backup(file) {
      try {
        return await deps.backup(file);
      } catch (error) {
        if (error instanceof BackupRefused) throw new GatewayError('bad_parameter', error.message, { cause: error });
        throw error;
      }
    },
  };
}
