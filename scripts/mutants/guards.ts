import type { Guard } from './guard.ts';
import { accessGuards } from './guards/access.ts';
import { depositGuards } from './guards/deposits.ts';
import { forwardingGuards } from './guards/forwarding.ts';
import { moneyGuards } from './guards/money.ts';
import { settlementGuards } from './guards/settlement.ts';
import { storageGuards } from './guards/storage.ts';

/** Every guard that is taken away, in the order of docs/guarantees.md. */
export const guards: readonly Guard[] = [
  ...moneyGuards,
  ...storageGuards,
  ...settlementGuards,
  ...depositGuards,
  ...accessGuards,
  ...forwardingGuards,
];
