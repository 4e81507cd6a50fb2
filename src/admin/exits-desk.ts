import type { Ledger } from '../billing/ledger.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc } from '../money.ts';
import type { ExitRow, Exits } from '../store/exits.ts';
import { type Page, pageOf, time } from './book-views.ts';
import type { PageQuery } from './books.ts';
import { readPage } from './page-query.ts';

/** What the operator sees of co-signed exits: nothing to do here, they end by themselves. */
export type ExitsDesk = {
  exits(query: ExitsQuery): Promise<Page<ExitView>>;
};

export type ExitsQuery = PageQuery & { account?: string | undefined; open?: boolean | undefined };

export type ExitView = {
  id: string;
  account: string;
  to: string;
  amount: string;
  state: ExitRow['state'];
  created_at: string;
  /** The last ledger in which the signature counts. */
  expires_ledger: number;
  ended_at: string | null;
  tx_hash: string | null;
};

export type ExitsDeskDeps = { exits: Pick<Exits, 'list'>; ledger: Pick<Ledger, 'account'> };

export function createExitsDesk({ exits, ledger }: ExitsDeskDeps): ExitsDesk {
  return {
    async exits(query) {
      const { before, limit } = readPage(query);
      const account = query.account === undefined ? undefined : ledger.account(query.account);
      if (query.account !== undefined && !account) {
        throw new GatewayError('not_found', `no account ${query.account} is in the books`);
      }
      const rows = exits.list({
        ...(account ? { accountId: account.id } : {}),
        ...(query.open ? { open: true } : {}),
        ...(before === undefined ? {} : { before }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, exitView, (row) => row.id);
    },
  };
}

function exitView(row: ExitRow): ExitView {
  return {
    id: String(row.id),
    account: row.account,
    to: row.to,
    amount: formatUsdc(row.amount),
    state: row.state,
    created_at: time(row.createdAtMs),
    expires_ledger: row.expiresLedger,
    ended_at: row.endedAtMs === undefined ? null : time(row.endedAtMs),
    tx_hash: row.txHash ?? null,
  };
}
