import type { Rpc } from './rpc.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** Which of these G… accounts exist on the network now. */
export async function existingAccounts(
  rpc: Pick<Rpc, 'verifyNetwork' | 'entries'>,
  addresses: string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  await rpc.verifyNetwork(signal);
  const addressOf = new Map(addresses.map((address) => [keyText(accountKey(address)), address]));
  const { entries } = await rpc.entries([...addressOf.keys()], signal);
  return new Set(entries.flatMap(({ keyXdr }) => addressOf.get(keyXdr) ?? []));
}
