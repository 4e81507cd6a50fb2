import { GatewayError } from '../errors.ts';
import { formatUsdc } from '../money.ts';
import type { PayoutResult, Payouts as Sender } from '../settlement/payouts.ts';
import type { Payouts } from '../store/payouts.ts';
import { type Page, pageOf, time } from './book-views.ts';
import type { PageQuery } from './books.ts';
import { readPage } from './page-query.ts';

/** What payees are sent: claims made so far, and one made now. */
export type PayoutDesk = {
  payouts(query: PageQuery): Promise<Page<PayoutView>>;
  /** Pays a payee, or all, what the vault owes them now, however little; and the treasury its fee. */
  claimPayouts(payee: string | undefined): Promise<{ results: ClaimView[] }>;
};

export type PayoutView = {
  id: string;
  time: string;
  payee: string;
  lane: number;
  amount: string;
  state: string;
  tx_hash: string | null;
};

export type ClaimView = {
  payee: string;
  lane: number;
  kind: 'claim' | 'fee';
  amount: string;
  outcome: PayoutResult['outcome'];
  /** Why not, or the transaction's hash. */
  detail: string;
};

export type PayoutDeskDeps = {
  payouts: Pick<Payouts, 'list' | 'earnings'>;
  payNow: Sender['payNow'];
};

export function createPayoutDesk({ payouts, payNow }: PayoutDeskDeps): PayoutDesk {
  return {
    async payouts(query) {
      const { before, limit } = readPage(query);
      const rows = payouts.list({ ...(before === undefined ? {} : { before }), limit: limit + 1 });
      return pageOf(
        rows,
        limit,
        ({ id, atMs, payee, lane, amount, state, txHash }) => ({
          id: String(id),
          time: time(atMs),
          payee,
          lane,
          amount: formatUsdc(amount),
          state,
          tx_hash: txHash ?? null,
        }),
        (row) => row.id,
      );
    },
    async claimPayouts(payee) {
      if (payee !== undefined && !payouts.earnings().some((row) => row.payee === payee)) {
        throw new GatewayError('not_found', `nothing was settled for a payee ${payee} yet`);
      }
      const results = await payNow(payee);
      return { results: results.map((result) => ({ ...result, amount: formatUsdc(result.amount) })) };
    },
  };
}
