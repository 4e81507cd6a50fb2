import { addressKind } from '../catalog/address.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc, type Units } from '../money.ts';
import type { ClassicPaymentRow, ClassicPayments, ClassicState, SetAside } from '../store/classic-payments.ts';
import type { Deposits } from '../store/deposits.ts';
import { type Page, pageOf, time, type UnattributedView, unattributedView } from './book-views.ts';
import type { PageQuery } from './books.ts';
import { readPage } from './page-query.ts';

/** Money that came in outside the vault's own deposits: payments to the deposit account, and what nobody owns yet. */
export type DepositDesk = {
  /** Payments to the deposit account, newest first. */
  classicDeposits(query: PageQuery & { state?: string | undefined }): Promise<Page<ClassicDepositView>>;
  /** Gives a payment to an account; from then on it is moved into the vault like any other. */
  assignDeposit(request: AssignRequest): Promise<ClassicDepositView>;
  /** Takes a payment off the list that is not on its way into the vault: it was sent back, or will not be credited. */
  closeDeposit(request: { operation: string; note: string }): Promise<ClassicDepositView>;
  /** Everything a person has to look at: payments without an owner, bare transfers to the vault, unreadable records. */
  unattributed(): Promise<Page<UnattributedView>>;
};

export type AssignRequest = {
  /** Operation id of the payment. */
  operation: string;
  /** G… or C… address. */
  account: string;
  /** Also a payment below the operator's bound. */
  force?: boolean | undefined;
};

export type ClassicDepositView = {
  operation: string;
  state: ClassicState;
  amount: string;
  from: string;
  account: string | null;
  memo_type: string;
  memo: string | null;
  ledger: number;
  closed_at: string;
  tx_hash: string;
  forward_tx_hash: string | null;
  note: string | null;
};

export type DepositDeskDeps = {
  deposits: Pick<Deposits, 'unattributed'>;
  classicPayments: Pick<ClassicPayments, 'list' | 'byOperation' | 'assign' | 'close' | 'setAside'>;
  classic: ClassicDeskTerms | undefined;
  vault: string;
};

/** The deposit account that this gateway serves. */
export type ClassicDeskTerms = {
  address: string;
  /** The vault takes no deposit below this. */
  vaultMin: Units;
  openAccount(address: string): { id: number };
  /** A payment has become due. */
  wake(): void;
};

const states: readonly string[] = [
  'unattributed',
  'below_min',
  'due',
  'sent',
  'forwarded',
  'closed',
] satisfies ClassicState[];

/** Rows of each kind in the list for a person: more than that wants a query of the database. */
const unattributedMax = 500;

export function createDepositDesk(deps: DepositDeskDeps): DepositDesk {
  const { classicPayments, deposits } = deps;
  return {
    async classicDeposits({ state, ...query }) {
      const { before, limit } = readPage(query);
      if (state !== undefined && !isState(state)) {
        throw new GatewayError('bad_parameter', `state must be one of ${states.join(', ')}`);
      }
      const rows = classicPayments.list({
        ...(state === undefined ? {} : { state }),
        ...(before === undefined ? {} : { before }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, classicDepositView, (row) => row.id);
    },
    async assignDeposit({ operation, account, force = false }) {
      const row = requirePayment(deps, operation);
      const terms = requireAssignable(deps, row, account, force);
      const from: ClassicState[] = force ? ['unattributed', 'below_min'] : ['unattributed'];
      if (!classicPayments.assign(row.id, terms.openAccount(account).id, from, 'assigned by hand')) {
        throw new GatewayError('conflict', 'the payment has just been assigned otherwise');
      }
      terms.wake();
      return classicDepositView(classicPayments.byOperation(operation) ?? row);
    },
    async closeDeposit({ operation, note }) {
      const row = requirePayment(deps, operation);
      if (note.trim() === '') throw new GatewayError('bad_parameter', 'note must say what became of the payment');
      if (!classicPayments.close(row.id, note.trim())) throw new GatewayError('conflict', standing(row));
      return classicDepositView(classicPayments.byOperation(operation) ?? row);
    },
    async unattributed() {
      const ownerless = classicPayments.list({ state: 'unattributed', limit: unattributedMax });
      const items = [
        ...ownerless.map(ownerlessView),
        ...classicPayments.setAside(unattributedMax).map(setAsideView),
        ...deposits.unattributed({ limit: unattributedMax }).map(unattributedView),
      ];
      return { items, next: null };
    },
  };
}

function requirePayment({ classicPayments }: Pick<DepositDeskDeps, 'classicPayments'>, operation: string) {
  const row = classicPayments.byOperation(operation);
  if (row) return row;
  throw new GatewayError('not_found', `no payment to the deposit account has the operation id ${operation}`);
}

function standing({ state, account }: ClassicPaymentRow): string {
  return `the payment is ${state}${account === undefined ? '' : ` for ${account}`}`;
}

function requireAssignable(
  { classic, vault }: Pick<DepositDeskDeps, 'classic' | 'vault'>,
  row: ClassicPaymentRow,
  account: string,
  force: boolean,
): ClassicDeskTerms {
  const conflict = (detail: string) => new GatewayError('conflict', detail);
  const kind = addressKind(account);
  if ((kind !== 'account' && kind !== 'contract') || account === vault) {
    throw new GatewayError('bad_parameter', 'account must be the G… or C… address that is to be credited');
  }
  if (row.state === 'below_min' && !force) {
    throw conflict(`${formatUsdc(row.amount)} USDC is below deposits.classic.min; --force forwards it all the same`);
  }
  if (row.state !== 'unattributed' && row.state !== 'below_min') {
    throw conflict(standing(row));
  }
  if (!classic) throw conflict('the config file has no deposits.classic: nothing could move the payment');
  if (row.to !== classic.address) {
    throw conflict(`the payment lies in ${row.to}, but the key of this config is for ${classic.address}`);
  }
  if (row.amount < classic.vaultMin) {
    throw conflict(`the vault takes no deposit below ${formatUsdc(classic.vaultMin)} USDC`);
  }
  return classic;
}

function isState(text: string): text is ClassicState {
  return states.includes(text);
}

function classicDepositView(row: ClassicPaymentRow): ClassicDepositView {
  return {
    operation: row.operationId,
    state: row.state,
    amount: formatUsdc(row.amount),
    from: row.from,
    account: row.account ?? null,
    memo_type: row.memoType,
    memo: row.memo ?? null,
    ledger: row.ledger,
    closed_at: time(row.closedAtMs),
    tx_hash: row.txHash,
    forward_tx_hash: row.forwardTxHash ?? null,
    note: row.note ?? null,
  };
}

function ownerlessView(row: ClassicPaymentRow): UnattributedView {
  return {
    id: row.operationId,
    kind: 'classic',
    ledger: row.ledger,
    closed_at: time(row.closedAtMs),
    tx_hash: row.txHash,
    amount: formatUsdc(row.amount),
    left: formatUsdc(row.amount),
    swept_by: [],
    note: row.note ?? null,
    data: JSON.stringify({ from: row.from, memo_type: row.memoType, memo: row.memo ?? null }),
  };
}

/** When it was read stands in for when it happened, which nobody could read. */
function setAsideView({ id, atMs, reason, data }: SetAside): UnattributedView {
  return {
    id,
    kind: 'unreadable',
    ledger: null,
    closed_at: time(atMs),
    tx_hash: null,
    amount: null,
    left: null,
    swept_by: [],
    note: reason,
    data,
  };
}
