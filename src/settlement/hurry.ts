import type { Clock } from '../clock.ts';
import { type Units, units } from '../money.ts';

/** Nobody's charges are worth a batch of their own below this, however low `settlement.min_total` is: it is the default of that. */
const worthMin = units(1_000_000);

/**
 * Withdrawal requests and cuts of limits hasten the settlement of the lane in which their account is settled. One whose
 * unsettled charges are worth a batch has it made at once. Anybody can ask for a network fee, and the operator pays for the
 * batches, so all others share one, an age limit behind the first of them, as if a charge had grown old. No request and no
 * cut takes effect for more than eight times as long (catalog/vault-bounds.ts). Their charges are old by then whether they ask or
 * not; old debts have no age, and are what that batch is for.
 */
export class Hurry {
  #isOn = false;
  #sharedAtMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rules: { minTotal: Units; ageMaxMs: number };

  constructor(clock: Pick<Clock, 'monotonicMs'>, rules: { minTotal: Units; ageMaxMs: number }) {
    this.#clock = clock;
    this.#rules = rules;
    // An earlier process may have been asked.
    this.#sharedAtMs = clock.monotonicMs() + rules.ageMaxMs;
  }

  ask(unsettled: Units): void {
    const { minTotal, ageMaxMs } = this.#rules;
    if (unsettled >= minTotal && unsettled >= worthMin) this.#isOn = true;
    else this.#sharedAtMs = Math.min(this.#sharedAtMs, this.#clock.monotonicMs() + ageMaxMs);
  }

  /** All that waits is to be sealed, whatever the amount, and however many batches it takes. */
  get isOn(): boolean {
    return this.#isOn || this.#clock.monotonicMs() >= this.#sharedAtMs;
  }

  /** The next batch is chosen for it: what is asked from now on is about what that has not taken. */
  take(): boolean {
    const { isOn } = this;
    this.#isOn = false;
    if (this.#clock.monotonicMs() >= this.#sharedAtMs) this.#sharedAtMs = Number.POSITIVE_INFINITY;
    return isOn;
  }

  /** That batch has not taken all that waited. */
  again(): void {
    this.#isOn = true;
  }
}
