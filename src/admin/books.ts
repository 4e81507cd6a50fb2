import type { TokenWish } from '../access/token-wish.ts';
import type { AccountFigures } from '../billing/account-figures.ts';
import type { CallView } from '../metering/call-view.ts';
import type { ApiDesk } from './api-desk.ts';
import type { BackupDesk } from './backup-desk.ts';
import type { BatchDetail, BatchView, Page, TokenView } from './book-views.ts';
import type { DepositDesk } from './deposit-desk.ts';
import type { ExitsDesk } from './exits-desk.ts';
import type { LiveDesk } from './live-desk.ts';
import type { PayoutDesk } from './payout-desk.ts';
import type { StatementDesk } from './statement-desk.ts';
import type { UsageDesk } from './usage-desk.ts';
import type { WebhookDesk } from './webhook-desk.ts';

/**
 * What an operator can ask of the books and do to them: the one interface behind the operator API, and behind the
 * command line whether a gateway runs (over its admin listener) or not (on the database itself). Values are the JSON
 * that leaves the process. Refusals are GatewayErrors: `not_found`, `bad_parameter`, `conflict`, `chain_unavailable`.
 */
export type Books = ApiDesk &
  BackupDesk &
  ExitsDesk &
  DepositDesk &
  LiveDesk &
  PayoutDesk &
  WebhookDesk &
  UsageDesk &
  StatementDesk & {
    account(address: string): Promise<AccountFigures>;
    /** `search` keeps the addresses that hold this text. */
    accounts(query: PageQuery & { search?: string | undefined }): Promise<Page<AccountFigures>>;

    issueToken(request: TokenRequest): Promise<IssuedToken>;
    revokeToken(jti: string): Promise<{ jti: string; outcome: 'revoked' | 'already' }>;
    /** Of one account, or of all whose label, id or address holds the text `search`. */
    tokens(query: TokensQuery): Promise<Page<TokenView>>;

    /** Calls of one account, newest first; or the doubtful ones of all, oldest first. */
    usage(query: PageQuery & { account?: string | undefined; doubtful?: boolean | undefined }): Promise<Page<CallView>>;
    /** Takes back a charge that no batch holds yet. */
    refund(call: string): Promise<RefundResult>;

    settlement(): Promise<SettlementView>;
    batches(page: PageQuery): Promise<Page<BatchView>>;
    batch(lane: number, batch: number): Promise<BatchDetail>;
    /** Settles all there is and waits for the chain, within a bound. */
    settleNow(): Promise<SettleNowResult>;
    reconcile(): Promise<ReconcileView>;

    audit(page: PageQuery): Promise<Page<AuditView>>;
    health(): Promise<HealthView>;
  };

export type TokensQuery = PageQuery & { account?: string | undefined; search?: string | undefined };

export type PageQuery = { cursor?: string | undefined; limit?: number | undefined };

export type TokenRequest = TokenWish & {
  /** G… or C… address; without one, the only account of the books. */
  account?: string | undefined;
};

export type IssuedToken = { token: string; jti: string; account: string; expires_at: string };

export type RefundResult = { call: string; account: string; amount: string };

export type PayeeEarnings = { payee: string; lane: number; gross: string };

export type SettlementView = {
  unsealed: { calls: number; amount: string };
  unsettled: string;
  receivable: string;
  held: string;
  oldest_unsettled_at: string | null;
  open: BatchView[];
  /** Lanes that are not at rest, and what each waits for; that of a halted one is why. */
  lanes: LaneView[];
  last: BatchView | null;
  /** What the newest settlements cost in network fees; null before the first fee is known. */
  costs: SettlementCostsView | null;
  earnings: PayeeEarnings[];
};

export type LaneView = {
  lane: number;
  batch: number | null;
  state: string;
  waiting_for: string | null;
  /** What the network said last against the batch, when, and how often it has objected to it; kept over restarts. */
  last_objection: { reason: string; at: string; tries: number } | null;
};

/** XLM as decimal text. `accounts` counts an account once for each batch it is in. */
export type SettlementCostsView = { batches: number; accounts: number; fee_xlm: string; fee_per_account_xlm: string };

export type SettleNowResult = {
  /** False when the bound was reached first: settlement goes on in the background. */
  complete: boolean;
  waiting_for: string | null;
  batches: BatchView[];
  earnings: PayeeEarnings[];
  unsettled: string;
};

export type ReconcileView = {
  ok: boolean;
  /** Sum of all differences, in units of 1e-7 USDC. */
  units_off: string;
  checks: { name: string; ok: boolean; subject: string; books: string; chain: string; detail: string }[];
  /** Where every unit is, USDC as decimal text. */
  totals: { name: string; amount: string }[];
};

export type AuditView = { id: string; time: string; actor: string; action: string; subject: string; detail: string };

export type LoopView = {
  name: string;
  running: boolean;
  turns: number;
  failures_in_row: number;
  last_progress_at: string | null;
  last_error: string | null;
};

export type HealthView = {
  ready: boolean;
  reasons: string[];
  /** Trouble that turns no calls away. */
  warnings: string[];
  loops: LoopView[];
  journal: JournalView;
  /** Null before the vault was first asked. */
  solvency: SolvencyView | null;
};

/** USDC that lies in the vault, and what it owes to accounts and payees. */
export type SolvencyView = { solvent: boolean; balance: string; liabilities: string; checked_at: string };

export type JournalView = { ok: boolean; pending: number; wal_bytes: number; last_error: string | null };
