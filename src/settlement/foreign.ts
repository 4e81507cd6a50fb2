import { forgottenByRestore } from '../store/restored.ts';
import type { Store } from '../store/store.ts';

/**
 * A settlement that the vault accepted and no batch of these books explains: the operator's key signs elsewhere too. It is
 * kept, so that no restart forgets why nothing is sold; a copy that is restored begins without it, since it takes over
 * whatever the vault has settled.
 */
export type ForeignMeta = Pick<Store['meta'], 'get' | 'set'>;

const key = forgottenByRestore.foreign;

/** Keeps the first one: what follows it may follow from it. */
export function noteForeign(meta: ForeignMeta, what: string): void {
  if (!meta.get(key)) meta.set(key, what);
}

/** What was seen, in words; undefined when nothing was. */
export function foreignNoted(meta: Pick<ForeignMeta, 'get'>): string | undefined {
  return meta.get(key) || undefined;
}
