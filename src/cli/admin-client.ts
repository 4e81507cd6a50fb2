import type { Books, PageQuery } from '../admin/books.ts';
import type { Listen } from '../catalog/model.ts';
import { CliError } from './exit-codes.ts';
import { reasonOf } from './gateway-client.ts';

/** The books of a running gateway, through its admin listener. */
export type AdminClient = {
  /** True when a Callora gateway answers, false when nothing listens there. Anything else is an error with a name. */
  isRunning(): Promise<boolean>;
  books: Books;
};

const probeMs = 5_000;
/** Settling waits for the chain; the gateway answers within a minute. */
const requestMs = 90_000;
/** Reconciling asks the vault about every account: the gateway gives up before this. */
const reconcileMs = 295_000;

export function createAdminClient(options: { listen: Listen; token: string }): AdminClient {
  const base = adminUrl(options.listen);
  const headers = { authorization: `Bearer ${options.token}` };

  async function ask<Result>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    timeoutMs = requestMs,
  ): Promise<Result> {
    const init: RequestInit = { method, headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) };
    const withBody = {
      ...init,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await reach(base, path, body === undefined ? init : withBody);
    const text = await response.text();
    const answer = parse(text, base);
    if (response.ok) return answer as Result;
    throw refusal(response.status, answer, base);
  }
  const get = <Result>(path: string, query: Record<string, string | number | boolean | undefined> = {}) =>
    ask<Result>('GET', `${path}${queryText(query)}`);
  const segment = encodeURIComponent;

  const books: Books = {
    account: (address) => get(`/api/accounts/${segment(address)}`),
    accounts: (query) => get('/api/accounts', { ...pageQuery(query), search: query.search }),
    exits: (query) => get('/api/exits', { ...pageQuery(query), account: query.account, open: query.open || undefined }),
    issueToken: (request) => ask('POST', '/api/tokens', request),
    revokeToken: (jti) => ask('POST', `/api/tokens/${segment(jti)}/revoke`),
    tokens: (query) => get('/api/tokens', { ...pageQuery(query), account: query.account, search: query.search }),
    usage: (query) =>
      get('/api/usage', { ...pageQuery(query), account: query.account, doubtful: query.doubtful || undefined }),
    usageSummary: (query) => get('/api/usage/summary', query),
    statement: (payee, query) => get(`/api/statements/${segment(payee)}`, query),
    refund: (call) => ask('POST', `/api/usage/${segment(call)}/refund`),
    webhooks: (query) => get('/api/webhooks', { ...pageQuery(query), dead: query.dead || undefined }),
    replayWebhook: (id) => ask('POST', `/api/webhooks/${segment(id)}/replay`),
    testWebhook: (name) => ask('POST', `/api/webhooks/${segment(name)}/test`),
    apis: () => get('/api/apis'),
    pauseApi: (name, reason) => ask('POST', `/api/apis/${segment(name)}/pause`, { reason }),
    resumeApi: (name) => ask('POST', `/api/apis/${segment(name)}/resume`),
    live: () => get('/api/live'),
    payouts: (page) => get('/api/payouts', pageQuery(page)),
    claimPayouts: (payee) => ask('POST', '/api/payouts/claim', payee === undefined ? {} : { payee }),
    settlement: () => get('/api/settlement'),
    batches: (page) => get('/api/settlement/batches', pageQuery(page)),
    batch: (lane, batch) => get(`/api/settlement/batches/${lane}/${batch}`),
    settleNow: () => ask('POST', '/api/settlement/now'),
    backup: (file) => ask('POST', '/api/backup', { file }),
    reconcile: () => ask('POST', '/api/reconcile', undefined, reconcileMs),
    classicDeposits: (query) => get('/api/deposits', { ...pageQuery(query), state: query.state }),
    assignDeposit: ({ operation, ...request }) => ask('POST', `/api/deposits/${segment(operation)}/assign`, request),
    closeDeposit: ({ operation, note }) => ask('POST', `/api/deposits/${segment(operation)}/close`, { note }),
    unattributed: () => get('/api/unattributed'),
    audit: (page) => get('/api/audit', pageQuery(page)),
    health: () => get('/api/health'),
  };

  return {
    books,
    async isRunning() {
      try {
        const response = await fetch(`${base}/healthz`, { redirect: 'error', signal: AbortSignal.timeout(probeMs) });
        const answer: unknown = await response.json();
        if (response.ok && typeof answer === 'object' && answer !== null && 'version' in answer) return true;
      } catch (error) {
        if (isRefused(error)) return false;
        throw unreachable(base, error);
      }
      throw new CliError(
        'unreachable',
        `what listens at ${base} is not the admin listener of a Callora gateway`,
        'Look at admin.listen in the config file, and at what else uses that port.',
      );
    },
  };
}

/** A listener on all addresses is reached on this machine's own. */
export function adminUrl({ host, port }: Listen): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

async function reach(base: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${base}${path}`, init);
  } catch (error) {
    throw unreachable(base, error);
  }
}

function unreachable(base: string, cause: unknown): CliError {
  return new CliError(
    'unreachable',
    `the gateway's admin listener at ${base} does not answer: ${reasonOf(cause)}`,
    'Look at the gateway’s log; if it hangs, restart it.',
    { cause },
  );
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ECONNREFUSED';
}

function parse(text: string, base: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError('unreachable', `${base} answered with something else than JSON`, undefined, { cause: error });
  }
}

function refusal(status: number, answer: unknown, base: string): CliError {
  const problem: Record<string, unknown> = typeof answer === 'object' && answer !== null ? { ...answer } : {};
  const { code, detail, title } = problem;
  if (code === 'admin_token_invalid') {
    return new CliError(
      'config',
      `the gateway at ${base} does not take this admin token`,
      'It was started with another admin.token_file: use its config file, or restart it after changing the token.',
    );
  }
  const text = String(detail ?? title ?? `the gateway answered ${status}`);
  return new CliError(code === 'chain_unavailable' ? 'chain' : status >= 500 ? 'internal' : 'refused', text);
}

function pageQuery({ cursor, limit }: PageQuery): Record<string, string | number | undefined> {
  return { cursor, limit };
}

function queryText(query: Record<string, string | number | boolean | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size > 0 ? `?${given}` : '';
}
