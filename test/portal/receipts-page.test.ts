import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createIdentityKey } from '../../src/access/identity-key.ts';
import { verifyReceipt } from '../../src/dashboard/verify-receipt.ts';
import { type ReceiptView, receiptType } from '../../src/portal/receipt-view.ts';
import { seedFromBytes } from '../../src/stellar/seeds.ts';
import { foldRoots } from '../support/receipt-root.ts';
import { runStandalone } from '../support/standalone-verifier.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/receipts.md'), 'utf8');
const example: {
  receipt: ReceiptView;
  roots: { parts: { after: { chain: string }; roots: { batch: number; root: string }[] }[] };
  chain: string;
  jwks: unknown;
} = JSON.parse([...page.matchAll(/```json\n([\s\S]*?)```/g)][1]?.[1] ?? '{}');

describe('the worked example of docs/receipts.md', () => {
  it('holds in every layer, for the verifier of the page and for the stand-alone one', async () => {
    const { receipt, roots, chain, jwks } = example;
    const checks = await verifyReceipt(receipt, { vault: receipt.vault, roots, chain: { value: chain }, jwks });
    expect(checks.map(({ state }) => state)).toEqual(checks.map(() => 'ok'));
    expect(await runStandalone({ receipt, roots, chain, jwks })).toMatchObject({ code: 0 });
  });

  it('has the chain value and the signature that its own words lead to', async () => {
    const [part] = example.roots.parts;
    expect(foldRoots(part?.after.chain ?? '', part?.roots ?? [])).toBe(example.chain);
    const key = createIdentityKey(seedFromBytes(Buffer.alloc(32, 7)), receiptType);
    expect({ keys: [key.jwk] }).toEqual(example.jwks);
    const [, payload = ''] = example.receipt.signature.split('.');
    expect(await key.sign(Buffer.from(payload, 'base64url').toString())).toBe(example.receipt.signature);
  });
});
