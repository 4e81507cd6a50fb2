import { tokenTerms } from '../access/token-wish.ts';
import { accountFigures } from '../billing/account-figures.ts';
import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import type { Config } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import { callView } from '../metering/call-view.ts';
import type { Journal } from '../metering/journal.ts';
import { formatUsdc } from '../money.ts';
import type { Audit } from '../store/audit.ts';
import type { Charges, UsageRow } from '../store/charges.ts';
import type { Deposits } from '../store/deposits.ts';
import type { Tokens } from '../store/tokens.ts';
import { type ApiDeskDeps, createApiDesk } from './api-desk.ts';
import { type BackupDeskDeps, createBackupDesk } from './backup-desk.ts';
import { pageOf, time, tokenView } from './book-views.ts';
import type { Books } from './books.ts';
import { createDepositDesk, type DepositDeskDeps } from './deposit-desk.ts';
import { createExitsDesk, type ExitsDeskDeps } from './exits-desk.ts';
import { type Health, healthView } from './health.ts';
import { createLiveDesk, type LiveDeskDeps } from './live-desk.ts';
import { readId, readPage } from './page-query.ts';
import { createPayoutDesk, type PayoutDeskDeps } from './payout-desk.ts';
import { createSettleDesk, type SettleDeskDeps } from './settle-desk.ts';
import { createStatementDesk, type StatementDeskDeps } from './statement-desk.ts';
import type { TokenDesk } from './token-desk.ts';
import { createUsageDesk, type UsageDeskDeps } from './usage-desk.ts';
import { createWebhookDesk, type WebhookDeskDeps } from './webhook-desk.ts';

export type BooksDeps = Omit<SettleDeskDeps, 'charges' | 'ledger'> &
  Pick<UsageDeskDeps, 'usage' | 'routes'> &
  Omit<LiveDeskDeps, 'charges' | 'ledger' | 'batches'> &
  BackupDeskDeps &
  PayoutDeskDeps &
  WebhookDeskDeps &
  Pick<StatementDeskDeps, 'statements' | 'feeBps'> &
  DepositDeskDeps &
  Pick<ExitsDeskDeps, 'exits'> & {
    config: () => Config;
    ledger: Pick<Ledger, 'account' | 'accounts' | 'spendable' | 'exitable' | 'totals' | 'refund' | 'cap'>;
    charges: Pick<Charges, 'unsealed' | 'unsealedCount' | 'oldestUnsettledAtMs' | 'doubtful' | 'byAccount' | 'byId'>;
    journal: Pick<Journal, 'refund' | 'flush'>;
    tokens: Pick<Tokens, 'list'>;
    tokenDesk: TokenDesk;
    deposits: Pick<Deposits, 'cursor' | 'unattributed'>;
    audit: Audit;
    pauses: ApiDeskDeps['pauses'];
    paused: ApiDeskDeps['paused'];
    upstreams: ApiDeskDeps['upstreams'];
    /** Number of this run of the store: calls of earlier runs are over. */
    runId: number;
    /** Lowest call id of this run. */
    firstCallId: number;
    /** Who acts, for the audit rows: `admin api` or `command line`. */
    actor: string;
    health: () => Health;
    sync(): Promise<void>;
  };

export function createBooks(deps: BooksDeps): Books {
  const { ledger, charges, tokens, clock } = deps;
  const settleDesk = createSettleDesk(deps);
  const apiDesk = createApiDesk(deps);
  const backupDesk = createBackupDesk(deps);
  const webhookDesk = createWebhookDesk(deps);
  const payoutDesk = createPayoutDesk(deps);
  const depositDesk = createDepositDesk(deps);

  /** Every act leaves a row, also one that was refused: what was tried matters as much as what was done. */
  async function acted<Result>(
    action: string,
    subject: string,
    act: () => Promise<Result>,
    detail = '',
  ): Promise<Result> {
    const note = (text: string) => deps.audit.add({ actor: deps.actor, action, subject, detail: text });
    try {
      const result = await act();
      note(detail);
      await deps.sync();
      return result;
    } catch (error) {
      note(`refused: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  return {
    ...createExitsDesk(deps),
    async account(address) {
      return accountFigures(requireAccount(ledger, address), ledger);
    },
    async accounts(query) {
      const { before, limit } = readPage(query);
      const after = before ?? -1;
      const wanted = query.search?.toUpperCase() ?? '';
      const slots = [...ledger.accounts()]
        .filter((slot) => slot.id > after && slot.address.includes(wanted))
        .sort((a, b) => a.id - b.id);
      return pageOf(
        slots,
        limit,
        (slot) => accountFigures(slot, ledger),
        (slot) => slot.id,
      );
    },

    issueToken(request) {
      return acted(
        'token issue',
        request.account ?? 'the only account',
        async () => {
          const terms = tokenTerms(request, deps.config());
          const account = request.account ?? onlyAccount(ledger);
          const issued = await deps.tokenDesk.issue({ ...terms, account, source: 'operator' });
          return {
            token: issued.token,
            jti: issued.jti,
            account,
            expires_at: time(issued.expiresAtMs),
          };
        },
        JSON.stringify({ scope: request.scope, ttl_s: request.ttl_s, cap: request.cap, label: request.label }),
      );
    },
    revokeToken: (jti) => acted('token revoke', jti, async () => ({ jti, outcome: await deps.tokenDesk.revoke(jti) })),
    async tokens(query) {
      const { before, limit } = readPage(query);
      const { search } = query;
      if (search !== undefined && query.account !== undefined) {
        throw new GatewayError('bad_parameter', 'ask for the tokens of one account, or search in all, not both');
      }
      const account = query.account === undefined ? undefined : requireAccount(ledger, query.account);
      const rows = tokens.list({
        ...(account ? { accountId: account.id } : {}),
        ...(search === undefined ? {} : { search }),
        ...(before === undefined ? {} : { before }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, tokenView, (row) => row.id);
    },

    async usage(query) {
      const { before, limit } = readPage(query);
      if (query.doubtful) return { items: charges.doubtful(deps.runId, limit).map(callView), next: null };
      if (query.account === undefined) {
        throw new GatewayError('bad_parameter', 'name an account, or ask for the doubtful calls of all');
      }
      const account = requireAccount(ledger, query.account);
      const rows = charges.byAccount(account.id, { ...(before === undefined ? {} : { before }), limit: limit + 1 });
      return pageOf(rows, limit, callView, (row) => row.id);
    },
    refund: (call) => acted('usage refund', call, () => refund(deps, call)),

    ...webhookDesk,
    replayWebhook: (id) => acted('webhook replay', id, () => webhookDesk.replayWebhook(id)),
    testWebhook: (name) => acted('webhook test', name, () => webhookDesk.testWebhook(name)),

    ...apiDesk,
    pauseApi: (name, reason) => acted('api pause', name, () => apiDesk.pauseApi(name, reason), reason),
    resumeApi: (name) => acted('api resume', name, () => apiDesk.resumeApi(name)),

    backup: (file) => acted('backup', file, () => backupDesk.backup(file)),

    ...createUsageDesk(deps),
    ...createLiveDesk(deps),
    ...payoutDesk,
    claimPayouts: (payee) => acted('payout claim', payee ?? 'all payees', () => payoutDesk.claimPayouts(payee)),

    ...createStatementDesk(deps),
    ...settleDesk,
    settleNow: () => acted('settle now', 'all lanes', settleDesk.settleNow),
    reconcile: () => acted('reconcile', 'all books', settleDesk.reconcile),

    ...depositDesk,
    assignDeposit: (request) =>
      acted(
        'deposit assign',
        request.operation,
        () => depositDesk.assignDeposit(request),
        `to ${request.account}${request.force ? ', forced' : ''}`,
      ),
    closeDeposit: (request) =>
      acted('deposit close', request.operation, () => depositDesk.closeDeposit(request), request.note),
    async audit(query) {
      const { before, limit } = readPage(query);
      const rows = deps.audit.list({ ...(before === undefined ? {} : { before }), limit: limit + 1 });
      return pageOf(
        rows,
        limit,
        ({ id, atMs, actor, action, subject, detail }) => ({
          id: String(id),
          time: time(atMs),
          actor,
          action,
          subject,
          detail,
        }),
        (row) => row.id,
      );
    },
    health: async () => healthView(deps.health(), clock.nowMs()),
  };
}

function requireAccount(ledger: Pick<Ledger, 'account'>, address: string): AccountSlot {
  const slot = ledger.account(address);
  if (slot) return slot;
  throw new GatewayError(
    'not_found',
    `no account ${address} is in the books: it has neither deposited nor got a token`,
  );
}

/** On a trial set-up there is nobody else to mean. */
function onlyAccount(ledger: Pick<Ledger, 'accounts'>): string {
  const slots = [...ledger.accounts()];
  const [only] = slots;
  if (only && slots.length === 1) return only.address;
  throw new GatewayError('bad_parameter', `name the account: the books have ${slots.length}`);
}

async function refund(deps: BooksDeps, call: string): ReturnType<Books['refund']> {
  const { charges, journal, ledger, clock } = deps;
  // Rows that are written lazily must count before the call is judged.
  await journal.flush();
  const row = charges.byId(readId(call, 'call'));
  if (!row) throw new GatewayError('not_found', `no call ${call} was charged`);
  const objection = refundObjection(row, deps.firstCallId);
  if (objection) throw new GatewayError('conflict', objection);
  const amount = row.price;
  // Whether it is sealed or refunded is asked where it is written, in one transaction.
  const written = await journal.refund({ chargeId: row.id, atMs: clock.nowMs(), amount, reason: 'operator' });
  if (written === 'already') throw new GatewayError('conflict', `call ${call} is refunded already`);
  if (written === 'sealed') throw new GatewayError('conflict', sealedText(row));
  const slot = requireAccount(ledger, row.account);
  ledger.refund(slot, row.tokenJti === undefined ? undefined : ledger.cap(row.tokenJti), amount);
  return { call, account: row.account, amount: formatUsdc(amount) };
}

function refundObjection(row: UsageRow, firstCallId: number): string | undefined {
  if (row.price === 0n) return `call ${row.id} was free`;
  if (row.outcome === undefined && row.id >= firstCallId) return `call ${row.id} is still running`;
  return undefined;
}

function sealedText(row: UsageRow): string {
  return (
    `call ${row.id} is in a batch already, so its charge cannot be taken back; to make it good, pay ` +
    `${formatUsdc(row.price)} USDC in: callora deposit ${formatUsdc(row.price)} --to ${row.account}`
  );
}
