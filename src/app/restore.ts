import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { type Restored, restoreStore } from '../store/restore.ts';

export type RestoreRequest = {
  /** A copy that `backup` made; undefined for the database as it was before the damage in its log. */
  file: string | undefined;
  /** Tokens from before the restore stay good, also those that were revoked after the copy. */
  keepTokens: boolean;
};

/** Puts older books in the place of this config's database. Fails with StoreLockedError while a gateway has it. */
export function restoreDatabase(config: Config, { file, keepTokens }: RestoreRequest, clock: Clock): Restored {
  const { passphrase, vault } = config.stellar;
  return restoreStore({ path: config.storage.path, copy: file, keepTokens, pins: { passphrase, vault }, clock });
}
