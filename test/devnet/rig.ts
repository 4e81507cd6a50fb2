import { Asset, contract, Keypair, rpc, type Transaction, TransactionBuilder, type xdr } from '@stellar/stellar-sdk';
import { systemClock } from '../../src/clock.ts';
import { type Devnet, type DevnetOptions, startDevnet } from '../../src/devnet/devnet.ts';
import { silentLog } from '../../src/log.ts';

/** A devnet and the stock SDK before it, as any client of Stellar would use it. */
export type DevnetRig = {
  devnet: Devnet;
  server: rpc.Server;
  /** A keypair that only depends on its name, with an account. */
  funded(name: string): Promise<Keypair>;
  build(source: Keypair, operations: xdr.Operation[], fee?: string): Promise<Transaction>;
  /** Builds, prepares if it is Soroban, signs, sends and waits. */
  send(source: Keypair, ...operations: xdr.Operation[]): Promise<rpc.Api.GetTransactionResponse>;
  client(contractId: string, who: Keypair): Promise<contract.Client>;
  /** Deploys by the wasm's own constructor and returns its typed client. */
  deploy(who: Keypair, wasmHash: Uint8Array, args: Record<string, unknown>): Promise<contract.Client>;
  [Symbol.asyncDispose](): Promise<void>;
};

export function keypair(name: string): Keypair {
  return Keypair.fromRawEd25519Seed(Buffer.alloc(32, name));
}

export function usdcOf(issuer: Keypair): Asset {
  return new Asset('USDC', issuer.publicKey());
}

export async function startRig(options: Partial<DevnetOptions> = {}): Promise<DevnetRig> {
  const devnet = await startDevnet({ clock: systemClock, log: silentLog(), ...options });
  const server = new rpc.Server(devnet.rpcUrl, { allowHttp: true });
  const networkPassphrase = devnet.passphrase;

  async function build(source: Keypair, operations: xdr.Operation[], fee = '100'): Promise<Transaction> {
    const account = await server.getAccount(source.publicKey());
    const builder = new TransactionBuilder(account, { fee, networkPassphrase });
    for (const operation of operations) builder.addOperation(operation);
    return builder.setTimeout(60).build();
  }

  const clientOptions = (who: Keypair) => ({
    rpcUrl: devnet.rpcUrl,
    networkPassphrase,
    allowHttp: true,
    publicKey: who.publicKey(),
    ...contract.basicNodeSigner(who, networkPassphrase),
  });

  return {
    devnet,
    server,
    async funded(name) {
      const who = keypair(name);
      await server.fundAddress(who.publicKey());
      return who;
    },
    build,
    async send(source, ...operations) {
      const built = await build(source, operations);
      const soroban = operations.some(({ body }) => sorobanTypes.includes(body.type));
      const tx = soroban ? await server.prepareTransaction(built) : built;
      tx.sign(source);
      const { hash, status } = await server.sendTransaction(tx);
      if (status !== 'PENDING') throw new Error(`the transaction is ${status}`);
      return server.pollTransaction(hash);
    },
    client: (contractId, who) => contract.Client.from({ contractId, ...clientOptions(who) }),
    async deploy(who, wasmHash, args) {
      const created = await contract.Client.deploy(args, { wasmHash, ...clientOptions(who) });
      return (await created.signAndSend()).result;
    },
    [Symbol.asyncDispose]: () => devnet.close(),
  };
}

const sorobanTypes: readonly string[] = ['invokeHostFunction', 'extendFootprintTtl', 'restoreFootprint'];
