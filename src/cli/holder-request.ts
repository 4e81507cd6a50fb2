import type { Cli } from './cli.ts';
import { writeState } from './consumer-state.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';
import { type KeyOptions, keyOf, pinnedGateway, type TargetOptions } from './target.ts';
import { walletToken } from './wallet-token.ts';

/** Asks a pinned gateway as an account: with the token of an earlier login, or after a new one when that has ended. */
export async function askAsHolder(
  cli: Cli,
  options: TargetOptions & KeyOptions,
  path: string,
): Promise<Record<string, unknown>> {
  const state = await pinnedGateway(cli, options);
  const { gateway, passphrase, loginKey } = state;
  const key = keyOf(cli, options, state);
  const ask = (token: string) => askGateway(gateway, path, { token });
  const known = state.tokens[key.address];
  const answer = known === undefined ? undefined : await ask(known).catch(ignoreDeadToken);
  if (answer) return answer;
  const token = await walletToken({ gateway, secret: key.secret, passphrase, serverKey: loginKey, clock: cli.clock });
  writeState(cli.stateDir, { ...state, tokens: { ...state.tokens, [key.address]: token } });
  return ask(token);
}

/** An expired or revoked token is replaced by a new login. */
function ignoreDeadToken(error: unknown): undefined {
  if (error instanceof CliError && / answered 401 /.test(error.message)) return undefined;
  throw error;
}
