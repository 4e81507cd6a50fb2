import { createIdentityKey, type IdentityKey } from '../access/identity-key.ts';
import { receiptType } from '../portal/receipt-view.ts';
import type { ReceiptParts } from '../portal/receipts.ts';
import { createBatchTrees } from '../settlement/batch-trees.ts';
import { deriveSeed } from '../stellar/seeds.ts';
import type { Core } from './core.ts';

/** What receipts are made of: a key that signs nothing else, and the trees of batches. */
export function createReceipts({ config, store, vault, clock }: Core): ReceiptParts & { key: IdentityKey } {
  const { leaves, batches } = store;
  return {
    leaves,
    batches,
    trees: createBatchTrees({ leaves, vault: vault.address, clock }),
    key: createIdentityKey(deriveSeed(config().gateway.identitySecret, 'receipts'), receiptType),
  };
}
