import type { Clock } from '../clock.ts';
import { type Units, units } from '../money.ts';
import type { Meta } from '../store/meta.ts';

/** Nobody's charges are worth a batch of their own below this, however low `settlement.min_total` is: it is the default of that. */
const worthMin = units(1_000_000);

export type HurryDeps = { clock: Pick<Clock, 'monotonicMs' | 'nowMs'>; meta: Pick<Meta, 'get' | 'set'>; lane: number };

/**
 * Withdrawal requests and cuts of limits hasten the settlement of the lane in which their account is settled. One whose
 * unsettled charges are worth a batch has it made at once. Anybody can ask for a network fee, and the operator pays for the
 * batches, so all others share one, an age limit behind the first of them, as if a charge had grown old. No request and no
 * cut takes effect for more than eight times as long (catalog/vault-bounds.ts). Their charges are old by then whether they ask or
 * not; old debts have no age, and are what that batch is for.
 */
export class Hurry {
  #isOn = false;
  /** Wall time since when the shared batch is waited for; the books keep it, so that a restart does not put the batch off. */
  #sinceMs: number | undefined;
  #keptMs: number | undefined;
  #sharedAtMs = Number.POSITIVE_INFINITY;
  readonly #deps: HurryDeps;
  readonly #rules: { minTotal: Units; ageMaxMs: number };

  constructor(deps: HurryDeps, rules: { minTotal: Units; ageMaxMs: number }) {
    this.#deps = deps;
    this.#rules = rules;
    this.#keptMs = Number(deps.meta.get(keyOf(deps.lane)) ?? '') || undefined;
    // Without a word an earlier process may have been asked all the same, and have died before the books knew.
    this.#wait(this.#keptMs);
  }

  #wait(sinceMs = this.#deps.clock.nowMs()): void {
    const { clock } = this.#deps;
    const { ageMaxMs } = this.#rules;
    this.#sinceMs = sinceMs;
    // A clock that was set back makes nobody wait longer than from now on.
    this.#sharedAtMs = clock.monotonicMs() + Math.min(ageMaxMs, sinceMs + ageMaxMs - clock.nowMs());
  }

  ask(unsettled: Units): void {
    const { minTotal } = this.#rules;
    if (unsettled >= minTotal && unsettled >= worthMin) this.#isOn = true;
    else if (this.#sinceMs === undefined) this.#wait();
  }

  /** All that waits is to be sealed, whatever the amount, and however many batches it takes. */
  get isOn(): boolean {
    return this.#isOn || this.#deps.clock.monotonicMs() >= this.#sharedAtMs;
  }

  /** The next batch is chosen for it: what is asked from now on is about what that has not taken. */
  take(): boolean {
    const { isOn } = this;
    this.#isOn = false;
    if (this.#deps.clock.monotonicMs() >= this.#sharedAtMs) {
      this.#sharedAtMs = Number.POSITIVE_INFINITY;
      this.#sinceMs = undefined;
    }
    return isOn;
  }

  /** That batch has not taken all that waited. */
  again(): void {
    this.#isOn = true;
  }

  /** Has the books remember the wait, and forget one that is over: not before its batch is made. */
  keep(): void {
    if (this.isOn || this.#keptMs === this.#sinceMs) return;
    this.#deps.meta.set(keyOf(this.#deps.lane), String(this.#sinceMs ?? ''));
    this.#keptMs = this.#sinceMs;
  }
}

const keyOf = (lane: number) => `settlement_hurry_${lane}`;
