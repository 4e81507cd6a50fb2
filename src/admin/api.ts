import { readTokenWish } from '../access/token-wish.ts';
import { GatewayError } from '../errors.ts';
import type { Books, PageQuery, TokenRequest } from './books.ts';

/** The operator API: which path and method reach which function of the books. */
export type ApiRequest = {
  params: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
};

export type ApiRoute = {
  method: 'GET' | 'POST';
  /** Segments; `*` takes one of any text. */
  path: string;
  /** Wants the token itself: what a stolen browser session must not be able to do. */
  tokenOnly?: true;
  run(books: Books, request: ApiRequest): Promise<unknown>;
};

export const apiRoutes: ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/accounts',
    run: (books, { query }) => books.accounts({ ...page(query), ...search(query) }),
  },
  { method: 'GET', path: '/api/accounts/*', run: (books, { params }) => books.account(param(params, 0)) },

  {
    method: 'GET',
    path: '/api/exits',
    run: (books, { query }) => books.exits({ ...page(query), ...account(query), open: query.get('open') === 'true' }),
  },

  {
    method: 'GET',
    path: '/api/tokens',
    run: (books, { query }) => books.tokens({ ...page(query), ...account(query), ...search(query) }),
  },
  { method: 'POST', path: '/api/tokens', run: (books, { body }) => books.issueToken(tokenRequest(body)) },
  { method: 'POST', path: '/api/tokens/*/revoke', run: (books, { params }) => books.revokeToken(param(params, 0)) },

  {
    method: 'GET',
    path: '/api/usage',
    run: (books, { query }) =>
      books.usage({ ...page(query), ...account(query), doubtful: query.get('doubtful') === 'true' }),
  },
  {
    method: 'GET',
    path: '/api/usage/summary',
    run: (books, { query }) => books.usageSummary({ ...account(query), ...given(query, ['from', 'to', 'by', 'api']) }),
  },
  { method: 'POST', path: '/api/usage/*/refund', run: (books, { params }) => books.refund(param(params, 0)) },

  {
    method: 'GET',
    path: '/api/webhooks',
    run: (books, { query }) => books.webhooks({ ...page(query), dead: query.get('dead') === 'true' }),
  },
  { method: 'POST', path: '/api/webhooks/*/replay', run: (books, { params }) => books.replayWebhook(param(params, 0)) },
  { method: 'POST', path: '/api/webhooks/*/test', run: (books, { params }) => books.testWebhook(param(params, 0)) },

  { method: 'GET', path: '/api/apis', run: (books) => books.apis() },
  {
    method: 'POST',
    path: '/api/apis/*/pause',
    run: (books, { params, body }) => books.pauseApi(param(params, 0), textField(body, 'reason')),
  },
  { method: 'POST', path: '/api/apis/*/resume', run: (books, { params }) => books.resumeApi(param(params, 0)) },

  { method: 'GET', path: '/api/payouts', run: (books, { query }) => books.payouts(page(query)) },
  {
    method: 'POST',
    path: '/api/payouts/claim',
    // Strict: a misspelt `payee` must not pay all of them.
    run: (books, { body }) => books.claimPayouts(textField(only(body, ['payee']), 'payee')),
  },
  {
    method: 'GET',
    path: '/api/statements/*',
    run: (books, { params, query }) => books.statement(param(params, 0), given(query, ['from', 'to'])),
  },

  { method: 'GET', path: '/api/settlement', run: (books) => books.settlement() },
  { method: 'GET', path: '/api/settlement/batches', run: (books, { query }) => books.batches(page(query)) },
  {
    method: 'GET',
    path: '/api/settlement/batches/*/*',
    run: (books, { params }) => books.batch(whole(param(params, 0), 'lane'), whole(param(params, 1), 'batch')),
  },
  { method: 'POST', path: '/api/settlement/now', run: (books) => books.settleNow() },
  { method: 'POST', path: '/api/reconcile', run: (books) => books.reconcile() },

  { method: 'GET', path: '/api/live', run: (books) => books.live() },
  {
    method: 'POST',
    path: '/api/backup',
    // It writes a file wherever the gateway's user may.
    tokenOnly: true,
    run: (books, { body }) => books.backup(pathField(body, 'file')),
  },
  { method: 'GET', path: '/api/health', run: (books) => books.health() },
  {
    method: 'GET',
    path: '/api/deposits',
    run: (books, { query }) => books.classicDeposits({ ...page(query), state: query.get('state') ?? undefined }),
  },
  {
    method: 'POST',
    path: '/api/deposits/*/assign',
    run: (books, { params, body }) =>
      books.assignDeposit({
        operation: param(params, 0),
        account: textField(body, 'account') ?? '',
        force: body.force === true,
      }),
  },
  {
    method: 'POST',
    path: '/api/deposits/*/close',
    run: (books, { params, body }) =>
      books.closeDeposit({ operation: param(params, 0), note: textField(body, 'note') ?? '' }),
  },
  { method: 'GET', path: '/api/unattributed', run: (books) => books.unattributed() },
  { method: 'GET', path: '/api/audit', run: (books, { query }) => books.audit(page(query)) },
];

export type Match =
  | { kind: 'found'; params: string[]; route: ApiRoute }
  | { kind: 'method_not_allowed'; allow: string }
  | { kind: 'not_found' };

export function matchRoute(routes: ApiRoute[], method: string, path: string): Match {
  const allowed: string[] = [];
  for (const route of routes) {
    const params = segmentsMatch(route.path.split('/'), path.split('/'));
    if (!params) continue;
    if (route.method === method) return { kind: 'found', params, route };
    allowed.push(...(route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  }
  return allowed.length > 0 ? { kind: 'method_not_allowed', allow: allowed.join(', ') } : { kind: 'not_found' };
}

/** The segments under the stars, or undefined. */
function segmentsMatch(pattern: string[], segments: string[]): string[] | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: string[] = [];
  for (const [at, wanted] of pattern.entries()) {
    const segment = segments[at] ?? '';
    if (wanted === '*' && segment !== '') params.push(segment);
    else if (wanted !== segment) return undefined;
  }
  return params;
}

function param(params: string[], at: number): string {
  try {
    return decodeURIComponent(params[at] ?? '');
  } catch {
    throw new GatewayError('bad_parameter', 'the path holds a broken percent sign');
  }
}

function page(query: URLSearchParams): PageQuery {
  const limit = query.get('limit');
  return { cursor: query.get('cursor') ?? undefined, limit: limit === null ? undefined : whole(limit, 'limit') };
}

function search(query: URLSearchParams): { search?: string } {
  const text = query.get('search');
  return text === null || text === '' ? {} : { search: text };
}

function account(query: URLSearchParams): { account?: string } {
  const address = query.get('account');
  return address === null ? {} : { account: address };
}

/** The named parameters that are there. */
function given<Name extends string>(query: URLSearchParams, names: Name[]): { [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = query.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}

function whole(text: string, name: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new GatewayError('bad_parameter', `${name} must be a whole number`);
  return Number(text);
}

function tokenRequest(body: Record<string, unknown>): TokenRequest {
  return { ...readTokenWish(body, ['account']), account: textField(body, 'account') };
}

/** As long as paths may be on the systems the gateway runs on. */
const pathCharactersMax = 4_096;

function pathField(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '' && value.length <= pathCharactersMax && !value.includes('\0'))
    return value;
  throw new GatewayError('bad_parameter', `${name} must be a path of at most ${pathCharactersMax} characters`);
}

/** The body, when it has no other fields than these. */
function only(body: Record<string, unknown>, known: string[]): Record<string, unknown> {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown === undefined) return body;
  throw new GatewayError('bad_parameter', `there is no field "${unknown}"; known are ${known.join(', ')}`);
}

function textField(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= 200) return value;
  throw new GatewayError('bad_parameter', `${name} must be a text of at most 200 characters`);
}
