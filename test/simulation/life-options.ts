import type { SimNetwork } from './network.ts';

/** How a life differs from the usual one of its seed. */
export type LifeOptions = {
  /** How many lanes each process has, in turn; one, or every other life one to three, by default. */
  lanes?: readonly number[] | undefined;
  /** A network that others begin with too; one of its own by default. */
  networkName?: string | undefined;
  /** Begins with a database that was migrated before. */
  migrated?: boolean | undefined;
  durability?: SimNetwork['durability'] | undefined;
};
