import type { ApiDraft } from './parse.ts';
import type { Report } from './report.ts';
import type { ChargedStatus } from './schema.ts';
import type { Path } from './source.ts';

/**
 * A 402 that is not passed on is answered with 502 and costs nothing (docs/decisions/0027): whoever lists it wants something
 * that does not happen. `4xx` means the others too.
 */
export function checkChargeOn(api: ApiDraft, { source, warnings }: Report): void {
  const warn = (at: Path) =>
    warnings.push(
      source.problem([...at, 'charge_on'], 'has 402, which is never charged: it is answered with 502', remedy),
    );
  const passes = (own: boolean | undefined) => own ?? api.settings.pass_payment_required ?? false;
  const inherit = api.routes.filter(({ settings }) => settings.charge_on === undefined);
  const isPassed = passes(undefined) || inherit.some(({ settings }) => passes(settings.pass_payment_required));
  if (lists402(api.settings.charge_on) && !isPassed) warn(api.path);
  for (const { settings, path } of api.routes) {
    if (lists402(settings.charge_on) && !passes(settings.pass_payment_required)) warn(path);
  }
}

const remedy = 'pass_payment_required: true beside it, if consumers are meant to see that 402; else no 402';

function lists402(statuses: readonly ChargedStatus[] | undefined): boolean {
  return statuses?.includes(402) ?? false;
}
