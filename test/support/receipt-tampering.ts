import type { ReceiptView } from '../../src/portal/receipt-view.ts';

/** Every way to change what a receipt says by one step: each field of the leaf, each sibling of the path, each part of the signature. */

type Json = Record<string, unknown>;

/** Not proven: a link for people, made of the transaction's hash. */
const unproven = new Set(['tx_url']);

export function tamperings(receipt: ReceiptView): { name: string; receipt: unknown }[] {
  const whole: Json = { ...receipt };
  const changed = (name: string, field: string, value: unknown) => ({ name, receipt: { ...whole, [field]: value } });
  const own = Object.entries(whole)
    .filter(([field]) => !unproven.has(field) && !['leaf', 'path', 'signature'].includes(field))
    .map(([field, value]) => changed(field, field, other(field, value)));
  const leaf = Object.entries(receipt.leaf).map(([field, value]) =>
    changed(`leaf.${field}`, 'leaf', { ...receipt.leaf, [field]: other(field, value) }),
  );
  const path = receipt.path ?? [];
  const siblings = path.flatMap((sibling, at) => [
    changed(`path[${at}]`, 'path', path.with(at, flip(sibling))),
    changed(`path without [${at}]`, 'path', path.toSpliced(at, 1)),
  ]);
  const parts = receipt.signature.split('.');
  const signature = parts.map((part, at) =>
    changed(`signature part ${at}`, 'signature', parts.with(at, flip(part)).join('.')),
  );
  return [...own, ...leaf, ...siblings, changed('a longer path', 'path', [...path, receipt.leaf_hash]), ...signature];
}

/** The same text with its last character in another spelling, or another one of the same kind. */
function other(field: string, value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (field === 'state') return 'submitted';
  if (field === 'kind') return value === 'call' ? 'carry' : 'call';
  return flip(String(value));
}

function flip(text: string): string {
  const last = text.at(-1) ?? '';
  const next = /[0-8]/.test(last) ? String(Number(last) + 1) : last === 'b' ? 'a' : 'b';
  return text.slice(0, -1) + (last === '9' ? '8' : next);
}
