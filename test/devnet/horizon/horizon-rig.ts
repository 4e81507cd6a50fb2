import {
  Asset,
  Horizon,
  type Keypair,
  Memo,
  Operation,
  type Transaction,
  TransactionBuilder,
} from '@stellar/stellar-sdk';
import type { DevnetOptions } from '../../../src/devnet/devnet.ts';
import { type DevnetRig, startRig } from '../rig.ts';

/** A devnet, the stock SDK's Horizon client before it, and the bare wire. */
export type HorizonRig = DevnetRig & {
  horizon: Horizon.Server;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** The document at a path, whatever its status. */
  json(path: string, headers?: Record<string, string>): Promise<HorizonDocument>;
  /** One of the devnet's own methods. */
  order(method: string, params?: Record<string, unknown>): Promise<unknown>;
  signedPayment(from: Keypair, to: Keypair, amount: string, options?: PaymentOptions): Promise<Transaction>;
  pay(
    from: Keypair,
    to: Keypair,
    amount: string,
    options?: PaymentOptions,
  ): Promise<Horizon.HorizonApi.SubmitTransactionResponse>;
};

export type PaymentOptions = { asset?: Asset; memo?: Memo };

/** What answers of all kinds have in common. */
export type HorizonDocument = {
  _links: Record<string, { href: string; templated?: boolean }>;
  _embedded: { records: Record<string, unknown>[] };
  [field: string]: unknown;
};

export async function startHorizonRig(options: Partial<DevnetOptions> = {}): Promise<HorizonRig> {
  const rig = await startRig(options);
  const horizon = new Horizon.Server(rig.devnet.horizonUrl, { allowHttp: true });
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${rig.devnet.horizonUrl}${path}`, { headers });

  async function signedPayment(from: Keypair, to: Keypair, amount: string, payment: PaymentOptions = {}) {
    const { asset = Asset.native(), memo = Memo.none() } = payment;
    const source = await horizon.loadAccount(from.publicKey());
    const tx = new TransactionBuilder(source, { fee: '100', networkPassphrase: rig.devnet.passphrase, memo })
      .addOperation(Operation.payment({ destination: to.publicKey(), asset, amount }))
      .setTimeout(60)
      .build();
    tx.sign(from);
    return tx;
  }

  return {
    ...rig,
    horizon,
    get,
    json: async (path, headers) => (await (await get(path, headers)).json()) as HorizonDocument,
    async order(method, params = {}) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const answer = await fetch(rig.devnet.rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    signedPayment,
    pay: async (...payment) => horizon.submitTransaction(await signedPayment(...payment)),
  };
}
