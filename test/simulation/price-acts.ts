import { expect } from 'vitest';
import { parseUsdc } from '../../src/money.ts';
import type { Life } from './life.ts';

/**
 * The operator edits a price, sometimes the payee too, while calls are on their way: they cost what they were admitted at,
 * as the model noted it then, and go to the payee of that time.
 */
export async function changePrice(life: Life): Promise<void> {
  const gateway = await life.alive();
  const { catalog, random, network } = life;
  if (random.chance(0.15)) return refuseCatalog(life);
  const index = random.below(catalog.sold.length);
  const sold = catalog.sold[index];
  if (!sold) return;
  const price = random.pick(['0.0000300', '0.0002000', '0.0000007', '0.0000301', '0.0004999', '0']);
  const payee = random.chance(0.2) ? random.pick(network.payees) : sold.payee;
  catalog.sold[index] = { price, payee };
  catalog.write();
  const outcome = gateway.reloader.reload();
  const same = price === sold.price && payee === sold.payee;
  expect(outcome.kind).toBe(same ? 'unchanged' : 'applied');
  const api = gateway.core.config().apis[index];
  expect([api?.routes[0]?.priceUnits, api?.payee]).toEqual([parseUsdc(price), payee]);
  if (same) return;
  life.count('price changed');
  const under = [...life.running.values()].filter(({ route }) => route.api.name === `api${index}`);
  if (under.length > 0) life.count('price changed under calls');
}

/** A file that does not load changes nothing, and is put right before the next start needs it. */
async function refuseCatalog(life: Life): Promise<void> {
  const { catalog, gateway } = life;
  const before = gateway?.core.config();
  catalog.spoil();
  expect(gateway?.reloader.reload().kind).toBe('refused');
  expect(gateway?.core.config()).toBe(before);
  catalog.write();
  life.count('catalog refused');
}
