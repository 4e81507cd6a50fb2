import { addressKind } from '../catalog/address.ts';
import { readSecretFile } from '../catalog/secret-file.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';

/** A Stellar key from a file. Seeds are never taken from the command line: it is kept in histories and process lists. */
export type Key = { secret: string; address: string };

export function readKeyFile(cli: Pick<Cli, 'note'>, file: string, option = '--key'): Key {
  const read = readSecretFile(file);
  if (!read.ok) throw new CliError('config', `${option} ${read.message}`, 'It must hold one line: the S… seed.');
  if (addressKind(read.secret) !== 'seed') {
    throw new CliError(
      'config',
      `${file} holds no Stellar seed`,
      'It must hold one line of 56 characters that begins with S.',
    );
  }
  if (read.warning !== undefined) cli.note(`warning: ${read.warning}`);
  return { secret: read.secret, address: publicKeyOf(read.secret) };
}
