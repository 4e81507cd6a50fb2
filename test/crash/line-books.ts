import type { ClientBook } from './clients.ts';
import type { SoldApi } from './shop.ts';
import type { SoldLine } from './sold-books.ts';

/** What one account bought of one payee. */
export type LineBooks = {
  account: string;
  payee: string;
  served: number;
  charged: number;
  refunded: number;
  forwarded: number;
  /** Calls under way at the kills, added up: so many may be charged and not served. */
  cutOff: number;
  /** Calls that were answered with 402. */
  unpaid: number;
  /** Served and not charged: must be empty. */
  givenAway: string[];
  /** Charged and never forwarded: must be empty. */
  unforwarded: string[];
  /** Forwarded more than once, whoever the other one was for: must be empty. */
  repeated: string[];
  /** Price × calls, less refunds. */
  sold: bigint;
  /** Of it what was to be settled: all but the calls whose end nobody knows yet. */
  owed: bigint;
};

type Sale = Pick<SoldApi, 'payee' | 'price' | 'arrived'>;

type ClientLine = { api: Pick<Sale, 'payee'>; book: Pick<ClientBook, 'served' | 'others'>; cutOff: number };

/** Lays the books of clients, services and database side by side; whoever is in one of them has a line. */
export function linesOf(
  apis: Sale[],
  buyers: { address: string; lines: ClientLine[] }[],
  sold: SoldLine[],
): LineBooks[] {
  const key = (account: string, payee: string) => `${account} ${payee}`;
  const clients = new Map(
    buyers.flatMap(({ address, lines }) => lines.map((line) => [key(address, line.api.payee), line] as const)),
  );
  const arrivals = new Map(
    apis.flatMap(({ arrived, payee }) => [...arrived].map(([account, ids]) => [key(account, payee), ids] as const)),
  );
  const charges = new Map(sold.map((line) => [key(line.account, line.payee), line]));
  const seen = new Set<string>();
  return [...new Set([...clients.keys(), ...arrivals.keys(), ...charges.keys()])].map((name) => {
    const [account = '', payee = ''] = name.split(' ');
    const line = clients.get(name);
    const served = line?.book.served ?? new Set<string>();
    const { charged = new Set<string>(), refunded = 0, waiting = 0n } = charges.get(name) ?? {};
    const arrived = arrivals.get(name) ?? [];
    const forwarded = new Set(arrived);
    const price = apis.find((api) => api.payee === payee)?.price ?? 0n;
    const net = BigInt(charged.size - refunded) * price;
    return {
      account,
      payee,
      served: served.size,
      charged: charged.size,
      refunded,
      forwarded: forwarded.size,
      cutOff: line?.cutOff ?? 0,
      unpaid: line?.book.others.get(402) ?? 0,
      givenAway: [...served].filter((id) => !charged.has(id)),
      unforwarded: [...charged].filter((id) => !forwarded.has(id)),
      repeated: arrived.filter((id) => seen.size === seen.add(id).size),
      sold: net,
      owed: net - waiting,
    };
  });
}
