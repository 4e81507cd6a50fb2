import { createHash } from 'node:crypto';
import { connect } from '../../src/cli/chain.ts';
import { askGateway } from '../../src/cli/gateway-client.ts';
import { walletSession } from '../../src/cli/wallet-token.ts';
import { systemClock } from '../../src/clock.ts';
import { add, formatUsdc, type Units, units, zero } from '../../src/money.ts';
import { createAccountTransactions } from '../../src/stellar/account-transactions.ts';
import { landed } from '../../src/stellar/deploy.ts';
import { countersignExit } from '../../src/stellar/exit-countersign.ts';
import { seedFromBytes } from '../../src/stellar/seeds.ts';
import { publicKeyOf, type SignedTransaction } from '../../src/stellar/transactions.ts';
import { type ClientBook, startClients } from './clients.ts';
import type { Shop, SoldApi } from './shop.ts';

/** An account with clients of its own, and what its owner knows of it. */
export type Consumer = {
  address: string;
  secret: string;
  token: string;
  lines: Line[];
  deposited: Units;
  /** What exits have brought back. */
  withdrawn: Units;
};

/** The clients of one account at one API. */
export type Line = {
  api: SoldApi;
  book: ClientBook;
  /** Calls under way when a process died or a copy was made, added up. */
  cutOff: number;
};

/** What an account pays in at first, and how many clients it has at each API. */
export type ConsumerPlan = { first: Units; clients: [number, number] };

export type Consumers = Awaited<ReturnType<typeof openConsumers>>;

/** An account for each plan, whose clients call from now on. */
export async function openConsumers(shop: Shop, plans: ConsumerPlan[]) {
  const { devnet, vault, keys } = shop;
  const chain = connect({ clock: systemClock }, devnet);
  const submitter = chain.submitter;
  const payer = createAccountTransactions({ submitter, vault, secret: keys.consumer });
  const gateway = new URL(shop.url).origin;

  async function deposit(consumer: Consumer, amount: Units): Promise<void> {
    landed('deposit', await payer.deposit(consumer.address, amount));
    consumer.deposited = add(consumer.deposited, amount);
  }

  /** An exit that the gateway has signed and the owner too: it waits for being sent. */
  async function signExit({ address, secret }: Consumer, amount: Units): Promise<SignedTransaction> {
    const session = await walletSession({ gateway, secret, passphrase: devnet.passphrase });
    const body = { amount: formatUsdc(amount), to: payer.address };
    const { envelope } = await askGateway(gateway, '/_callora/exits', { token: session, body });
    const terms = { vault, account: address, to: payer.address, amount };
    const signed = await countersignExit(chain.rpc, String(envelope), terms, secret);
    if (!signed.ok) throw new Error(signed.fault);
    return signed.transaction;
  }

  /** False when it came too late: a co-signature is good for 90 ledgers. */
  async function sendExit(consumer: Consumer, amount: Units, exit: SignedTransaction): Promise<boolean> {
    const { status } = await submitter.follow(exit);
    if (status === 'landed') consumer.withdrawn = add(consumer.withdrawn, amount);
    return status === 'landed';
  }

  async function open({ first, clients }: ConsumerPlan, index: number): Promise<Consumer> {
    const secret = seedFromBytes(createHash('sha256').update(`callora crash consumer ${index}`).digest());
    const consumer: Consumer = {
      address: publicKeyOf(secret),
      secret,
      token: '',
      lines: [],
      deposited: zero,
      withdrawn: zero,
    };
    await devnet.control('devnet_fund', { address: consumer.address });
    await deposit(consumer, first);
    for (const [at, api] of shop.apis.entries()) {
      const book = startClients(clients[at] ?? 0, api.url, () => consumer.token);
      consumer.lines.push({ api, book, cutOff: 0 });
    }
    return consumer;
  }

  const all: Consumer[] = [];
  let turn = 0;
  for (const [index, plan] of plans.entries()) all.push(await open(plan, index));
  const lines = all.flatMap((consumer) => consumer.lines);
  return {
    all,
    lines,
    chain,
    deposit,
    signExit,
    sendExit,
    /** Tokens from now on: their clients knock with them at once. */
    async issueTokens(): Promise<void> {
      for (const consumer of all) {
        consumer.token = (await shop.books.issueToken({ account: consumer.address })).token;
      }
    },
    /** Two that have paid in much, others each time: an account has one exit under way at a time. */
    nextToLeave(): [Consumer, Consumer] {
      const able = all.slice(1);
      const [one, other] = [able[turn++ % able.length], able[turn++ % able.length]];
      if (!one || !other || one === other) throw new Error('too few accounts to leave');
      return [one, other];
    },
    /** All that are under way are cut off now. */
    noteCutOff(): void {
      for (const line of lines) line.cutOff += line.book.inFlight;
    },
    served: () => lines.reduce((sum, { book }) => sum + book.served.size, 0),
    pause: async () => void (await Promise.all(lines.map(({ book }) => book.pause()))),
    resume(): void {
      for (const { book } of lines) book.resume();
    },
    stop: async () => void (await Promise.all(lines.map(({ book }) => book.stop()))),
  };
}

/** 1 USDC: of ten that are paid in. */
export const exitAmount = units(10_000_000n);
