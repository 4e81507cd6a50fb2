/** Why the vault refused: `Error` in contracts/vault/src/errors.rs. */
const names: Record<number, string> = {
  100: 'invalid_amount',
  101: 'invalid_address',
  102: 'invalid_config',
  103: 'invalid_token',
  104: 'invalid_flags',
  200: 'deposits_paused',
  201: 'below_min_deposit',
  202: 'already_forwarded',
  203: 'account_not_found',
  204: 'insufficient_balance',
  300: 'no_request',
  301: 'still_locked',
  400: 'settle_paused',
  401: 'unknown_lane',
  402: 'wrong_batch',
  403: 'duplicate_payee',
  404: 'duplicate_account',
  405: 'not_sorted',
  406: 'too_many_lines',
  500: 'payee_listed',
  501: 'payee_not_listed',
  502: 'payout_failed',
  600: 'not_pauser',
  601: 'no_pending_admin',
  602: 'no_pending_upgrade',
  603: 'upgrade_too_early',
  604: 'upgrade_expired',
  605: 'nothing_to_migrate',
  606: 'no_surplus',
};

/** The vault's reason in the text of a failed simulation, or undefined when it was something else. */
export function vaultErrorName(simulationError: string): string | undefined {
  const match = /Error\(Contract, #(\d+)\)/.exec(simulationError);
  return match ? names[Number(match[1])] : undefined;
}
