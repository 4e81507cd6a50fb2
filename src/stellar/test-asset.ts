import { Asset, BASE_FEE, Keypair, Operation, rpc, TransactionBuilder, type xdr } from '@stellar/stellar-sdk';
import { formatUsdc, type Units } from '../money.ts';

/** An asset of one's own on a test network, with its Stellar Asset Contract and funded holders. */
export type TestAsset = { code: string; issuer: string; contract: string };

export type TestAssetOptions = {
  rpcUrl: string;
  passphrase: string;
  code: string;
  /** S… seed of the issuer, whose account exists. */
  issuerSecret: string;
  /** Accounts that exist; each gets a trustline, and the amount where it is positive. */
  holders: { secret: string; amount: Units }[];
};

/** How long a transaction made here may take to land, seconds. */
const timeoutS = 60;

export async function createTestAsset(options: TestAssetOptions): Promise<TestAsset> {
  const server = new rpc.Server(options.rpcUrl, { allowHttp: true });
  const issuer = Keypair.fromSecret(options.issuerSecret);
  const asset = new Asset(options.code, issuer.publicKey());
  const holders = options.holders.map(({ secret, amount }) => ({ keypair: Keypair.fromSecret(secret), amount }));

  // One source account has one transaction pending at a time, so only different sources run side by side.
  await Promise.all([
    submit(server, options.passphrase, issuer, [Operation.createStellarAssetContract({ asset })], true),
    ...holders.map(({ keypair }) =>
      submit(server, options.passphrase, keypair, [Operation.changeTrust({ asset })], false),
    ),
  ]);
  const payments = holders
    .filter(({ amount }) => amount > 0n)
    .map(({ keypair, amount }) =>
      Operation.payment({ destination: keypair.publicKey(), asset, amount: formatUsdc(amount) }),
    );
  if (payments.length > 0) await submit(server, options.passphrase, issuer, payments, false);
  return { code: asset.code, issuer: issuer.publicKey(), contract: asset.contractId(options.passphrase) };
}

async function submit(
  server: rpc.Server,
  passphrase: string,
  source: Keypair,
  operations: xdr.Operation[],
  soroban: boolean,
): Promise<void> {
  const account = await server.getAccount(source.publicKey());
  const builder = new TransactionBuilder(account, { fee: BASE_FEE, networkPassphrase: passphrase }).setTimeout(
    timeoutS,
  );
  for (const operation of operations) builder.addOperation(operation);
  const built = builder.build();
  const transaction = soroban ? await server.prepareTransaction(built) : built;
  transaction.sign(source);
  const sent = await server.sendTransaction(transaction);
  if (sent.status !== 'PENDING' && sent.status !== 'DUPLICATE') {
    throw new Error(
      `the network refused a set-up transaction: ${sent.status} ${JSON.stringify(sent.errorResult ?? '')}`,
    );
  }
  const landed = await server.pollTransaction(sent.hash, { attempts: timeoutS * 10, sleepStrategy: () => 100 });
  if (landed.status !== 'SUCCESS') throw new Error(`a set-up transaction ended as ${landed.status}: ${sent.hash}`);
}
