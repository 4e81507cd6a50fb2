import { systemClock } from '../../clock.ts';
import { type Answer, ask } from '../shared/http.ts';

/** The gateway as this page knows it: addresses relative to the page, so that it works behind any name. */

export type Service = {
  version: string;
  network: string;
  network_passphrase: string;
  vault: string;
  tokens: { ttl_s: number; ttl_max_s: number };
  apis: { name: string; url: string }[];
  links: { page: string; catalog: string };
};

/** Where calls go: this very origin, unless the gateway says that its pages stand here and calls go elsewhere. */
export function callOrigin(service: Service | undefined, here: string): string {
  if (!service || new URL(service.links.page).origin !== here) return here;
  return new URL(service.links.catalog).origin;
}

export type Catalog = {
  currency: string;
  apis: {
    name: string;
    url: string;
    routes: {
      method: string;
      path: string;
      price: string;
      /** Set on routes that open a WebSocket. */
      websocket?: { per: string };
      auth: 'token' | 'none';
      description?: string;
    }[];
  }[];
};

export type Account = {
  address: string;
  spendable: string;
  deposited: string;
  withdrawn: string;
  settled: string;
  unsettled: string;
  receivable: string;
  requested: string;
  exits: string;
  held: string;
  limit: string;
  token: { id: string; scope: string; expires_at: string; cap: string | null; spent: string | null } | null;
};

export type Call = {
  call: string;
  time: string;
  api: string;
  method: string;
  route: string;
  status: number;
  price: string;
  refunded: string;
  batch: { lane: number; batch: number; state: string } | null;
};

export type Page<Item> = { items: Item[]; next: string | null };

export type Usage<Row> = { from: string; to: string; items: Row[]; total: { calls: number; net: string } };
export type DayUsage = { day: string; calls: number; net: string };
export type RouteUsage = { api: string; method: string; route: string; calls: number; net: string };

export type Token = {
  jti: string;
  label: string;
  scope: string;
  state: 'live' | 'expired' | 'revoked';
  issued_at: string;
  expires_at: string;
  cap: string | null;
  spent: string;
};

export type TokenWish = { label?: string; scope?: string[]; ttl_s: number; cap?: string };

export type Deposit = {
  network_passphrase: string;
  vault: string;
  asset: string | null;
  min: string | null;
  withdraw_delay_s: number | null;
  rpc_url: string | null;
  command: string;
  classic: ClassicWay | null;
};

/** A payment from any wallet or exchange to the operator's account, which moves it into the vault. */
export type ClassicWay = {
  address: string;
  memo: string;
  asset_code: string;
  asset_issuer: string;
  min: string;
  sep7: string;
  /** An SVG document. */
  qr: string;
  how: string;
  payments: SeenPayment[];
};

/** A payment of ours that the gateway has seen, and how far it has come. */
export type SeenPayment = { operation: string; time: string; amount: string; state: string };

export type Exit = {
  id: string;
  to: string;
  amount: string;
  state: string;
  created_at: string;
  expires_ledger: number;
};

export type SignedExit = Exit & { vault: string; network_passphrase: string; envelope: string };

/** How often what may change by itself is read again, ms. */
export const refreshMs = 5_000;

export const readService = (signal?: AbortSignal) => ask<Service>('..', { signal });
export const readCatalog = (signal?: AbortSignal) => ask<Catalog>('../catalog', { signal });

/** Kept in this page's memory and nowhere else: a reload forgets it, and nothing is left on a shared computer. */
export type Credential = {
  bearer: string;
  account: string;
  /** Monotonic time at which a wallet session ends, ms; a token only looks, and its end is shown by its own row. */
  sessionEndsMs: number | undefined;
};

export type Gateway = ReturnType<typeof createGateway>;

/** `onEnd` hears once that the credential is good for nothing any more; from then on nothing is asked with it. */
export function createGateway(credential: Credential, onEnd: (detail: string) => void) {
  const headers = { authorization: `Bearer ${credential.bearer}` };
  let over: Answer<never> | undefined;

  function end(detail: string): Answer<never> {
    over ??= { ok: false, status: 401, code: 'session_required', detail };
    onEnd(detail);
    return over;
  }

  async function own<Value>(
    path: string,
    options: { body?: unknown; signal?: AbortSignal } = {},
  ): Promise<Answer<Value>> {
    if (over) return over;
    const { body, signal } = options;
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await ask<Value>(path, { method, body, headers, signal });
    return !answer.ok && answer.status === 401 ? end(answer.detail) : answer;
  }

  return {
    end,
    account: (signal: AbortSignal) => own<Account>('../account', { signal }),
    calls: (cursor: string | null, signal?: AbortSignal) =>
      own<Page<Call>>(`../usage?limit=10${cursor === null ? '' : `&cursor=${cursor}`}`, signal ? { signal } : {}),
    receipt: (call: string) => own<Record<string, unknown>>(`../receipts/${call}`),
    usageByDay: (days: number, signal: AbortSignal) =>
      own<Usage<DayUsage>>(`../usage/summary?by=day&from=${daysAgo(days - 1)}`, { signal }),
    usageByRoute: (days: number, signal: AbortSignal) =>
      own<Usage<RouteUsage>>(`../usage/summary?by=route&from=${daysAgo(days - 1)}`, { signal }),
    tokens: (cursor: string | null, signal?: AbortSignal) =>
      own<Page<Token>>(`../tokens?limit=50${cursor === null ? '' : `&cursor=${cursor}`}`, signal ? { signal } : {}),
    issueToken: (wish: TokenWish) => own<{ token: string; jti: string }>('../tokens', { body: wish }),
    revokeToken: (jti: string) => own<{ jti: string }>(`../tokens/${jti}/revoke`, { body: {} }),
    exits: (signal: AbortSignal) => own<Page<Exit> & { available: string }>('../exits?limit=10', { signal }),
    requestExit: (wish: { amount: string; to?: string }) => own<SignedExit>('../exits', { body: wish }),
    deposit: (amount: string, signal: AbortSignal) =>
      own<Deposit>(`../deposit${amount && `?amount=${encodeURIComponent(amount)}`}`, { signal }),
  };
}

/** A UTC date, as the gateway counts days. */
function daysAgo(days: number): string {
  return new Date(systemClock.nowMs() - days * 86_400_000).toISOString().slice(0, 10);
}

/** Whether a token is good, and whose it is. */
export async function lookWith(token: string): Promise<Answer<Credential>> {
  const answer = await ask<Account>('../account', { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) return answer;
  return { ok: true, value: { bearer: token, account: answer.value.address, sessionEndsMs: undefined } };
}
