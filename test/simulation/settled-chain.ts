import { cursorLedger } from '../../src/stellar/event-cursor.ts';
import { decodeVaultEvent } from '../../src/stellar/vault-events.ts';
import type { SimNetwork } from './network.ts';

/** The chain value after each batch, as the vault has told it to whoever listened. */
export async function settledChain(
  { rpc, vaultAddress, chain }: SimNetwork,
  lane: number,
): Promise<Map<number, string>> {
  const values = new Map<number, string>();
  let from: { startLedger: number } | { cursor: string } = { startLedger: chain.history.oldest().sequence };
  for (;;) {
    const page = await rpc.events({ from, contractId: vaultAddress, limit: 1_000 });
    for (const raw of page.events) {
      const event = decodeVaultEvent(raw, vaultAddress);
      if (event.kind === 'settled' && event.lane === lane) values.set(event.batch, event.chain);
    }
    if (page.events.length < 1_000 && (cursorLedger(page.cursor) ?? page.latestLedger) >= page.latestLedger)
      return values;
    from = { cursor: page.cursor };
  }
}
