import { GatewayError } from '../errors.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { Cli } from './cli.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** Says what went wrong and what to do about it, and returns the exit code that goes with it. */
export function reportFault(cli: Pick<Cli, 'note'>, error: unknown): number {
  const known = error instanceof CliError ? error : translate(error);
  if (known) {
    cli.note(`error: ${known.message}`);
    if (known.remedy !== undefined) cli.note(`  ${known.remedy}`);
    return exitCodes[known.kind];
  }
  cli.note(`error: ${messageOf(error)}`);
  for (let cause = causeOf(error); cause !== undefined; cause = causeOf(cause))
    cli.note(`  because: ${messageOf(cause)}`);
  return exitCodes.internal;
}

/** Faults of other rooms in the words of the command line. */
function translate(error: unknown): CliError | undefined {
  if (error instanceof GatewayError) {
    const kind = error.code === 'chain_unavailable' ? 'chain' : error.code === 'internal' ? 'internal' : 'refused';
    return new CliError(kind, error.detail ?? error.message, undefined, { cause: error });
  }
  if (error instanceof RpcError) {
    const remedy =
      error.failure === 'wrong_network'
        ? 'The RPC server belongs to another network than the vault: check --rpc, or stellar.rpc_url in the config file.'
        : 'Check the RPC server’s address (--rpc, or stellar.rpc_url in the config file), and try again.';
    return new CliError('chain', `the Stellar network could not be asked: ${error.message}`, remedy, { cause: error });
  }
  return systemFault(error);
}

function systemFault(error: unknown): CliError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, address, port }: NodeJS.ErrnoException & { address?: string; port?: number } = error;
  const options = { cause: error };
  if (error.name === 'StoreLockedError') {
    const remedy = 'Stop the other process first; to look at its books, use the other commands.';
    return new CliError('config', error.message, remedy, options);
  }
  if (error.name === 'DamagedLogError') {
    const remedy =
      'Keep a copy of the database with its -wal file. Then `callora restore` a backup, or give up what lies behind damage in a frame with `callora restore --before-damage`: docs/operators.md, “A damaged log”.';
    return new CliError('refused', error.message, remedy, options);
  }
  if (code === 'EADDRINUSE') {
    const remedy = 'Stop what listens there (another gateway?), or change gateway.listen or admin.listen.';
    return new CliError('config', `${address}:${port} is in use`, remedy, options);
  }
  if (code === 'EACCES' && port !== undefined) {
    const remedy = 'Use a port above 1023 and a proxy in front.';
    return new CliError('config', `this user may not listen on port ${port}`, remedy, options);
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
