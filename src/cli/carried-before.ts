import { add, formatUsdc, type Units } from '../money.ts';
import type { Place } from './chain-lines.ts';
import { carriedFrom, type PlacedReceipt } from './leaf-sums.ts';
import type { LaneView, PublishedRoots } from './roots-list.ts';

/** Whether a debt that a batch carries over was carried over before: each may be, once. */

export type Carried = Place & { payee: string; amount: Units };

/** As a page of own leaves comes: debts that are carried over stand first. */
export type CarryPage = { items: PlacedReceipt[]; next: string | null };

export type GatewayLists = {
  lanes(): Promise<Pick<LaneView, 'lane'>[]>;
  /** Of the batches of a lane behind `after`. */
  roots(lane: number, after: number): Promise<Pick<PublishedRoots, 'parts'>>;
  leaves(place: Place, cursor: string): Promise<CarryPage>;
};

/** What other batches carry over, each with its place. `unchecked` were too many. */
export type CarriedBefore = { others: { place: Place; carries: Carried[] }[]; unchecked: number };

/** Two minutes at the pace that the gateway allows. */
const batchesMax = 500;

/**
 * What the batches carry over that were settled since the debts were made, by the gateway's word: one that leaves a debt out
 * does not come to what was asked there, which `leaves` of that batch shows.
 */
export async function carriedBefore(
  ask: GatewayLists,
  debts: readonly Carried[],
  to: Place,
  most = batchesMax,
): Promise<CarriedBefore> {
  if (debts.length === 0) return { others: [], unchecked: 0 };
  const between = placesBetween(await settledPlaces(ask, debts), debts, to);
  const others = [];
  for (const { lane, batch } of between.slice(-most)) {
    const place = { lane, batch };
    others.push({ place, carries: await carriesOf(ask, place) });
  }
  return { others, unchecked: between.length - others.length };
}

/** What is wrong with a debt that is carried over: more than the earlier batch was short of, here and elsewhere together. */
export function faultOfCarried(debt: Carried, short: Units, { others }: CarriedBefore): string | undefined {
  const also = others.flatMap(({ place, carries }) =>
    carries.filter((each) => keyOf(each) === keyOf(debt) && each.payee === debt.payee).map((each) => ({ place, each })),
  );
  const all = also.reduce((sum, { each }) => add(sum, each.amount), debt.amount);
  if (all <= short) return undefined;
  const elsewhere = also.length > 0 ? `, also by ${also.map(({ place }) => placeText(place)).join(' and ')}` : '';
  const what = `${formatUsdc(all)} USDC for ${debt.payee} are carried over from ${placeText(debt)}${elsewhere}`;
  return `${what}, which was short of ${formatUsdc(short)}`;
}

type SettledPlace = Place & { ledger: number };

/** Of any lane, settled behind a debt and not behind `to`. Within a lane numbers say so, between lanes ledgers. */
export function placesBetween(settled: readonly SettledPlace[], debts: readonly Place[], to: Place): SettledPlace[] {
  const ledgers = new Map(settled.map((each) => [keyOf(each), each.ledger]));
  const last = ledgers.get(keyOf(to)) ?? Number.POSITIVE_INFINITY;
  const notBehind = (each: SettledPlace) =>
    keyOf(each) !== keyOf(to) && (each.lane === to.lane ? each.batch < to.batch : each.ledger <= last);
  const since = (each: SettledPlace, debt: Place) =>
    keyOf(each) !== keyOf(debt) &&
    (each.lane === debt.lane ? each.batch > debt.batch : each.ledger >= (ledgers.get(keyOf(debt)) ?? 0));
  return settled
    .filter((each) => notBehind(each) && debts.some((debt) => since(each, debt)))
    .sort((a, b) => a.ledger - b.ledger || a.batch - b.batch);
}

/** Where all debts are of one lane, what lies before them there is of no interest. */
async function settledPlaces(ask: GatewayLists, debts: readonly Place[]): Promise<SettledPlace[]> {
  const places: SettledPlace[] = [];
  for (const { lane } of await ask.lanes()) {
    const first = Math.min(...debts.map((debt) => (debt.lane === lane ? debt.batch : 1)));
    const { parts } = await ask.roots(lane, Math.max(0, first - 1));
    places.push(...parts.flatMap(({ roots }) => roots.map(({ batch, ledger }) => ({ lane, batch, ledger }))));
  }
  return places;
}

/** Pages are read up to the first leaf that is a call. */
async function carriesOf(ask: GatewayLists, place: Place): Promise<Carried[]> {
  const items: PlacedReceipt[] = [];
  for (let cursor = '0'; ; ) {
    const page = await ask.leaves(place, cursor);
    items.push(...page.items);
    if (page.next === null || page.items.at(-1)?.leaf.kind !== 'carry') return carriedFrom(items);
    cursor = page.next;
  }
}

const keyOf = ({ lane, batch }: Place) => `${lane} ${batch}`;
const placeText = ({ lane, batch }: Place) => `batch ${batch} of lane ${lane}`;
