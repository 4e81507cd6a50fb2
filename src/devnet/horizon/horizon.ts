/** The part of Horizon that watchers of classic accounts and simple clients use. Everything else is 404. */
import type { Clock } from '../../clock.ts';
import { type Exchange, sendJson } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import type { TransactionRecord } from '../ledger/records.ts';
import { toid } from '../ledger/records.ts';
import type { HorizonHandler } from '../router.ts';
import { accountResource } from './account-resource.ts';
import { type Archive, createArchive } from './archive.ts';
import { feeStatsResource, ledgerResource, rootResource } from './network-resources.ts';
import { type HistoryOperation, operationResource } from './operation-resource.ts';
import { collection, type PageQuery, pageOf, readPage } from './page.ts';
import { HorizonRefusal, notFound, sendProblem } from './problem.ts';
import { streamRecords } from './stream.ts';
import { submit } from './submit.ts';
import { transactionResource, transactionToid } from './transaction-resource.ts';

export type HorizonDeps = { chain: Chain; clock: Clock; baseUrl: () => string };

export function createHorizon(deps: HorizonDeps): HorizonHandler {
  const archive = createArchive(deps.chain);
  return async (exchange, chain) => {
    exchange.res.setHeader('latest-ledger', String(chain.history.latest().sequence));
    try {
      await route({ ...deps, chain, archive, base: deps.baseUrl() }, exchange);
    } catch (error) {
      if (!(error instanceof HorizonRefusal)) throw error;
      sendProblem(exchange.res, error.problem);
    }
  };
}

type Site = HorizonDeps & { archive: Archive; base: string };

async function route(site: Site, exchange: Exchange): Promise<void> {
  const { req, res, url, body } = exchange;
  const { chain, base } = site;
  const path = url.pathname.split('/').filter((part) => part !== '');
  const [first, id, part, more] = path;
  const send = (resource: unknown) => sendJson(res, 200, resource, 'application/hal+json; charset=utf-8');
  if (req.method === 'POST') {
    if (url.pathname !== '/transactions') throw notFound();
    return send(transactionResource(await submit(chain, site.clock, body), base));
  }
  if (more !== undefined) throw notFound();
  if (first === undefined) return send(rootResource(chain, base));
  if (first === 'fee_stats' && id === undefined) return send(feeStatsResource(chain));
  if (first === 'ledgers' && id !== undefined && part === undefined) return send(ledgerAt(site, id));
  if (first === 'accounts' && id !== undefined) {
    if (part === undefined) return send(accountResource(chain, id, base));
    // An account that was merged away keeps its history; one that never was has none.
    if (site.archive.transactions(id).length === 0) accountResource(chain, id, base);
    return listing(site, exchange, part, { account: id });
  }
  if (first === 'transactions' && id !== undefined) {
    const record = transactionAt(site, id);
    return part === undefined ? send(transactionResource(record, base)) : listing(site, exchange, part, { record });
  }
  if (first === 'operations' && id !== undefined && part === undefined) return send(operationAt(site, id));
  if (id === undefined) return listing(site, exchange, first, {});
  throw notFound();
}

function ledgerAt({ chain, base }: Site, text: string): Record<string, unknown> {
  const record = /^\d{1,10}$/.test(text) ? chain.history.ledger(Number(text)) : undefined;
  if (!record) throw notFound();
  return ledgerResource(record, base);
}

function transactionAt({ chain }: Site, hash: string): TransactionRecord {
  const record = chain.history.transaction(hash);
  if (!record) throw notFound();
  return record;
}

function operationAt({ archive, base }: Site, id: string): Record<string, unknown> {
  const operation = archive.operations().find((other) => other.id.toString() === id);
  if (!operation) throw notFound();
  return operationResource(operation, base);
}

/** Of which account or transaction; neither means of the whole network. */
type Scope = { account?: string; record?: TransactionRecord };

/** A list that can be paged and followed. */
type Listing = { page(query: PageQuery): Record<string, unknown>[] };

async function listing(site: Site, { req, res, url }: Exchange, name: string, scope: Scope): Promise<void> {
  const list = listingOf(site, url, name, scope);
  if (!list) throw notFound(`this network has no list of ${name}`);
  const streams = (req.headers.accept ?? '').includes('text/event-stream');
  const newest = toid(site.chain.history.latest().sequence + 1, 0, 0) - 1n;
  const lastEventId = req.headers['last-event-id'];
  const query = readPage(url, newest, streams && typeof lastEventId === 'string' ? lastEventId : undefined);
  if (!streams) {
    const records = list.page(query);
    return sendJson(res, 200, collection(records, url, site.base, query), 'application/hal+json; charset=utf-8');
  }
  const after = (cursor: bigint) => list.page({ after: cursor, order: 'asc', limit: query.limit });
  return streamRecords(res, site, query.limit, query.after, after);
}

function listingOf(site: Site, url: URL, name: string, scope: Scope): Listing | undefined {
  const { archive, base } = site;
  const withFailed = url.searchParams.get('include_failed') === 'true';
  const shown = (record: TransactionRecord) => withFailed || record.successful;
  const joined = url.searchParams.get('join') === 'transactions';
  const operationRecord = (operation: HistoryOperation) => ({
    ...operationResource(operation, base),
    ...(joined ? { transaction: transactionResource(operation.record, base) } : {}),
  });
  const operations = (wanted: (operation: HistoryOperation) => boolean): Listing => ({
    page(query) {
      const all = archive.operations(scope.account).filter((operation) => shown(operation.record) && wanted(operation));
      const scoped = scope.record ? all.filter(({ record }) => record === scope.record) : all;
      return pageOf(scoped, ({ id }) => id, query).map(operationRecord);
    },
  });
  switch (name) {
    case 'operations':
      return operations(() => true);
    case 'payments':
      return operations(({ isPayment }) => isPayment);
    case 'transactions':
      if (scope.record) return undefined;
      return {
        page: (query) =>
          pageOf(archive.transactions(scope.account).filter(shown), transactionToid, query).map((record) =>
            transactionResource(record, base),
          ),
      };
    default:
      return undefined;
  }
}
