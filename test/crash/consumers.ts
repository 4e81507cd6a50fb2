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
import type { Shop } from './shop.ts';

/** An account with clients of its own, and what its owner knows of it. */
export type Consumer = {
  address: string;
  secret: string;
  token: string;
  book: ClientBook;
  deposited: Units;
  /** What exits have brought back. */
  withdrawn: Units;
  /** Calls under way when a process died or a copy was made, added up. */
  cutOff: number;
};

/** Two calls of each at a time. */
const clientsEach = 2;

export type Consumers = Awaited<ReturnType<typeof openConsumers>>;

/** So many accounts with what `first` pays in; their clients call from now on. */
export async function openConsumers(shop: Shop, count: number, first: (index: number) => Units) {
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

  async function open(index: number): Promise<Consumer> {
    const secret = seedFromBytes(createHash('sha256').update(`callora crash consumer ${index}`).digest());
    const account = {
      address: publicKeyOf(secret),
      secret,
      token: '',
      deposited: zero,
      withdrawn: zero,
      cutOff: 0,
    };
    const book = startClients(clientsEach, shop.url, () => account.token);
    const consumer: Consumer = Object.assign(account, { book });
    await devnet.control('devnet_fund', { address: consumer.address });
    await deposit(consumer, first(index));
    return consumer;
  }

  const all: Consumer[] = [];
  let turn = 0;
  for (let index = 0; index < count; index++) all.push(await open(index));
  return {
    all,
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
    served: () => all.reduce((sum, { book }) => sum + book.served.size, 0),
    pause: async () => void (await Promise.all(all.map(({ book }) => book.pause()))),
    resume(): void {
      for (const { book } of all) book.resume();
    },
    stop: async () => void (await Promise.all(all.map(({ book }) => book.stop()))),
  };
}

/** 1 USDC: of ten that are paid in. */
export const exitAmount = units(10_000_000n);
