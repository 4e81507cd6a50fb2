import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHorizon } from '../../../src/devnet/horizon/horizon.ts';
import { countsNobody, HORIZON_QUOTA } from '../../../src/devnet/horizon/rate-limit.ts';
import { listen } from '../../../src/devnet/http.ts';
import { toid } from '../../../src/devnet/ledger/records.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { live } from '../ledger/random-life.ts';
import { life, NAMES } from '../ledger/random-steps.ts';
import { keypair, usdcOf } from '../rig.ts';
import type { HorizonDocument } from './horizon-rig.ts';

/** Whoever follows links sees everything once, whichever list it is, however large the pages and in either direction. */

const parts = ['transactions', 'operations', 'payments', 'effects'];
const [ann, issuer] = [keypair('ann').publicKey(), usdcOf(keypair('issuer'))];
const lists = fc.oneof(
  fc.constantFrom('ledgers', ...parts, 'claimable_balances', 'assets'),
  fc.constantFrom('transactions', 'operations', 'payments').map((part) => `${part}?include_failed=true`),
  fc
    .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...parts))
    .map(([who, part]) => `accounts/${keypair(who).publicKey()}/${part}`),
  fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...parts)).map(([at, part]) => `ledgers/${at}/${part}`),
  fc.constantFrom(`signer=${ann}`, `asset=USDC:${issuer.getIssuer()}`).map((query) => `accounts?${query}`),
);
const limits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });

type Ask = (link: string, limit?: number) => Promise<HorizonDocument>;

/** Only Horizon, over HTTP, before a chain that a test lives on. */
async function overHttp(rig: ChainRig, use: (ask: Ask, base: string) => Promise<void>): Promise<void> {
  const deps = { chain: rig.chain, clock: rig.clock, baseUrl: () => '', limiter: countsNobody(HORIZON_QUOTA) };
  const horizon = createHorizon(deps);
  const server = await listen('127.0.0.1', 0, {
    answer: (exchange) => horizon.answer(exchange, rig.chain),
    bodyBytesMax: () => 0,
  });
  try {
    await use(async (link, limit) => {
      const url = new URL(link);
      if (limit !== undefined) url.searchParams.set('limit', String(limit));
      return (await (await fetch(url)).json()) as HorizonDocument;
    }, `http://127.0.0.1:${server.port}/`);
  } finally {
    await server.close();
  }
}

/** Follows `next` until a page has nothing, or begins before history, as that after the oldest ledger does. */
async function walk(ask: Ask, begin: HorizonDocument, sizes: readonly number[]): Promise<HorizonDocument[]> {
  const pages: HorizonDocument[] = [];
  for (let page = begin; page.status !== 410 && page._embedded.records.length > 0; ) {
    pages.push(page);
    if (pages.length > PAGES_MAX) throw new Error('the links never come to an end');
    page = await ask(page._links.next?.href ?? '', sizes[pages.length % sizes.length]);
  }
  return pages;
}

/** More pages than there are records. */
const PAGES_MAX = 2_000;
const tokensOf = (pages: readonly HorizonDocument[]) =>
  pages.flatMap((page) => page._embedded.records.map((record) => String(record.paging_token)));

/** What the ledgers say there must be, of the lists of all there is. */
function expectedOf({ closed }: ChainRig, list: string): string[] | undefined {
  const records = closed.flatMap(({ record }) => record.transactions);
  const transactions = records.filter(({ successful }) => successful || list.endsWith('include_failed=true'));
  switch (list.split('?')[0]) {
    case 'transactions':
      return transactions.map(({ ledger, order }) => String(toid(ledger, order, 0)));
    case 'operations':
      return transactions.flatMap(({ ledger, order, signed }) =>
        signed.tx.operations.map((_, index) => String(toid(ledger, order, index + 1))),
      );
    case 'ledgers':
      return [1, ...closed.map(({ record }) => record.sequence)].map((sequence) => String(toid(sequence, 0, 0)));
    default:
      return undefined;
  }
}

describe('following the links of a list in a random life', () => {
  it('gives all of its records once, in order, and back again', async () => {
    const walked = fc.record({
      list: lists,
      order: fc.constantFrom('asc', 'desc'),
      sizes: limits,
      turnAt: fc.nat({ max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(life, fc.array(walked, { minLength: 1, maxLength: 6, size: 'max' }), async (sendings, walks) => {
        const rig = startChain();
        live(rig, sendings);
        await overHttp(rig, async (ask, base) => {
          for (const { list, order, sizes, turnAt } of walks) {
            const first = new URL(`${base}${list}`);
            first.searchParams.set('order', order);
            const begin = await ask(first.href, sizes[0]);
            // Of an account or a ledger that never was.
            if (begin.status === 404) continue;
            first.searchParams.set('order', 'asc');
            const all = expectedOf(rig, list) ?? tokensOf(await walk(ask, await ask(first.href, 200), [200]));
            expect(new Set(all).size).toBe(all.length);
            const there = await walk(ask, begin, sizes);
            const seen = tokensOf(there);
            expect([list, ...seen]).toEqual([list, ...(order === 'asc' ? all : all.toReversed())]);
            for (const [at, page] of there.entries()) {
              expect(page._embedded.records.length).toBeLessThanOrEqual(sizes[at % sizes.length] ?? 0);
            }
            // `prev` turns round: what comes then is what was before that page, the other way.
            const turn = there[turnAt % Math.max(there.length, 1)];
            if (!turn) continue;
            const back = await walk(ask, await ask(turn._links.prev?.href ?? '', sizes[0]), sizes);
            const before = tokensOf(there.slice(0, there.indexOf(turn)));
            expect([list, ...tokensOf(back)]).toEqual([list, ...before.toReversed()]);
          }
        });
      }),
      { numRuns: 50 },
    );
  });
});
