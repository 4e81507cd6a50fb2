import type { Guard } from './guard.ts';
import { accessGuards } from './guards/access.ts';
import { bookGuards } from './guards/books.ts';
import { chargeGuards } from './guards/charges.ts';
import { depositGuards } from './guards/deposits.ts';
import { requestGuards } from './guards/requests.ts';
import { settlementGuards } from './guards/settlement.ts';
import { storageGuards } from './guards/storage.ts';
import { upstreamGuards } from './guards/upstreams.ts';

/** Every guard that is taken away, in the order of docs/guarantees.md. */
export const guards: readonly Guard[] = [
  ...bookGuards,
  ...chargeGuards,
  ...storageGuards,
  ...settlementGuards,
  ...depositGuards,
  ...accessGuards,
  ...requestGuards,
  ...upstreamGuards,
];
