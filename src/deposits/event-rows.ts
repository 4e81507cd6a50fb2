import type { UnreadableEvent, VaultEvent } from '../stellar/vault-events.ts';
import type { VaultAccount } from '../stellar/vault-views.ts';
import type { AccountState, VaultEventRow } from '../store/deposits.ts';

/** How one event of the vault is kept, and what it does to an account or payee. */
export function eventRow(event: VaultEvent | UnreadableEvent): VaultEventRow {
  const { id, ledger, closedAtMs, txHash, kind } = event;
  const row: VaultEventRow = { id, ledger, closedAtMs, txHash, kind, data: toJson(event), ...actOf(event) };
  switch (event.kind) {
    case 'withdrawn': {
      const account = { address: event.account, state: accountState(event.state) };
      return { ...row, amount: event.amount, account, ...(event.cooperative ? { coSignedTo: event.to } : {}) };
    }
    case 'deposit':
    case 'withdraw_requested':
      return { ...row, amount: event.amount, account: { address: event.account, state: accountState(event.state) } };
    case 'withdraw_cancelled':
    case 'limit_set':
      return { ...row, account: { address: event.account, state: accountState(event.state) } };
    case 'payee_added':
    case 'payee_removed':
      return { ...row, payee: { address: event.payee, listed: event.kind === 'payee_added' } };
    case 'settled':
      return { ...row, amount: event.total };
    case 'claimed':
    case 'fee_collected':
    case 'swept':
      return { ...row, amount: event.amount };
    case 'unreadable':
      return { ...row, data: event.raw, note: event.reason };
    default:
      return row;
  }
}

/** Whoever administers the vault, and from wherever: the gateway's audit shows it. */
function actOf(event: VaultEvent | UnreadableEvent): Pick<VaultEventRow, 'audit'> {
  const act = (subject: string) => ({ audit: { action: event.kind.replaceAll('_', ' '), subject } });
  switch (event.kind) {
    case 'payee_added':
    case 'payee_removed':
      return act(event.payee);
    case 'operator_set':
    case 'treasury_set':
    case 'admin_proposed':
    case 'admin_accepted':
      return act(event.address);
    case 'paused':
    case 'unpaused':
      return act(['nothing paused', 'deposits paused', 'settlement paused', 'all paused'][event.flags & 3] ?? '');
    case 'upgrade_proposed':
    case 'upgrade_applied':
    case 'upgrade_cancelled':
      return act(event.hash);
    case 'migrated':
      return act(`version ${event.version}`);
    case 'swept':
      return act(event.to);
    default:
      return {};
  }
}

/** The vault's words about an account in the store's: no request and no pending cut are left out instead of 0. */
export function accountState(state: VaultAccount): AccountState {
  const { deposited, settled, withdrawn, requested, limit, period, used } = state;
  return {
    deposited,
    settled,
    withdrawn,
    requested,
    limit,
    period,
    used,
    unlockAtS: state.unlockAtS === 0 ? undefined : state.unlockAtS,
    pendingLimit: state.pendingLimit,
    pendingLimitAtS: state.pendingLimit === undefined ? undefined : state.pendingLimitAtS,
  };
}

/** Whose request or cut of the limit it is: what was served under the old state is to be settled before the new one binds. */
export function asksToSettle(event: VaultEvent): string | undefined {
  if (event.kind === 'withdraw_requested') return event.account;
  return event.kind === 'limit_set' && event.state.pendingLimit !== undefined ? event.account : undefined;
}

function toJson(event: VaultEvent | UnreadableEvent): string {
  return JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
