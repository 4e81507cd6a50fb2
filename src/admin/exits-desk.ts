import type { Ledger } from '../billing/ledger.ts';
import { GatewayError } from '../errors.ts';
import { type ExitView, exitView } from '../settlement/exit-view.ts';
import type { Exits } from '../store/exits.ts';
import { type Page, pageOf } from './book-views.ts';
import type { PageQuery } from './books.ts';
import { readPage } from './page-query.ts';

/** What the operator sees of co-signed exits: nothing to do here, they end by themselves. */
export type ExitsDesk = {
  exits(query: ExitsQuery): Promise<Page<OwnedExitView>>;
};

export type ExitsQuery = PageQuery & { account?: string | undefined; open?: boolean | undefined };

export type OwnedExitView = ExitView & { account: string };

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
      return pageOf(
        rows,
        limit,
        (row) => ({ account: row.account, ...exitView(row) }),
        (row) => row.id,
      );
    },
  };
}
