/** Faults over the wire: see faults/fault.ts for what each is. */
import { z } from 'zod';
import type { Fault } from '../faults/fault.ts';
import { LAG_LEDGERS_MAX } from '../faults/past.ts';
import type { ControlDeps } from './deps.ts';
import { type ControlMethod, method } from './method.ts';

/** A day: longer waits are `refuse`. */
const DELAY_MS_MAX = 86_400_000;

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('refuse') }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.int().min(0).max(DELAY_MS_MAX) }),
  z.strictObject({ kind: z.literal('drop-reply-after-apply') }),
  z.strictObject({ kind: z.literal('error'), message: z.string(), code: z.int().optional() }),
  z.strictObject({
    kind: z.literal('http'),
    status: z.int().min(200).max(599),
    headers: z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
      .optional(),
    body: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('cut'), afterBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal('lag'), ledgers: z.int().min(1).max(LAG_LEDGERS_MAX) }),
  z.strictObject({ kind: z.literal('passphrase'), passphrase: z.string().min(1) }),
]);

const target = z.string().min(1);

export function faultMethods({ faults, chain }: ControlDeps): Record<string, ControlMethod> {
  return {
    devnet_setFault: method(
      z.strictObject({ target, fault, times: z.int().min(1).optional(), every: z.int().min(1).optional() }),
      ({ target: at, fault: what, times, every }) => {
        faults.set(at, defined(what), { times, every });
        return faults.list();
      },
    ),
    /** Ends the fault of a target, or all of them. */
    devnet_clearFaults: method(z.strictObject({ target: target.optional() }), ({ target: at }) => {
      if (at === undefined) faults.clear();
      else faults.set(at, undefined);
      return faults.list();
    }),
    devnet_faults: method(z.strictObject({}), () => faults.list()),
    /** The next so many transactions fail in their ledger: fee and sequence number are spent, nothing else happens. */
    devnet_failTransactions: method(
      z.strictObject({ count: z.int().min(0).max(1_000_000).default(1) }),
      ({ count }) => {
        chain.failNext(count);
        return { count };
      },
    ),
  };
}

/** Without the fields that are undefined, which the fault's type does not know. */
function defined(read: z.output<typeof fault>): Fault {
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as Fault;
}
