import type { Books } from '../admin/books.ts';
import { createAdminClient } from './admin-client.ts';
import type { Cli } from './cli.ts';
import { readConfig } from './config-option.ts';
import { CliError } from './exit-codes.ts';

/**
 * Runs an action on the books of the gateway that this config file describes: through its admin listener when it runs,
 * on the database itself when it does not. There is never a third way, so two writers cannot meet.
 */
export async function withBooks<Result>(
  cli: Cli,
  configFile: string,
  action: (books: Books) => Promise<Result>,
): Promise<Result> {
  const config = readConfig(cli, configFile);
  const client = createAdminClient(config.admin);
  if (await client.isRunning()) return await action(client.books);
  const open = await cli.openBooks(config).catch((error: unknown) => {
    throw lockedOrSame(error, config.admin.listen);
  });
  try {
    return await action(open.books);
  } finally {
    await open.close();
  }
}

function lockedOrSame(error: unknown, { host, port }: { host: string; port: number }): unknown {
  if (!(error instanceof Error) || error.name !== 'StoreLockedError') return error;
  return new CliError(
    'unreachable',
    `${error.message}, but nothing answers on its admin listener ${host}:${port}`,
    'The gateway is starting or stopping, or it was started with another admin.listen. Try again, or look at its log.',
    { cause: error },
  );
}
