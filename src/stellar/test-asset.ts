import { Asset, Operation } from '@stellar/stellar-sdk/base';
import { atLeastZero, formatUsdc, subtract, type Units, zero } from '../money.ts';
import { readHolding } from './account-transactions.ts';
import { deployAssetContract, landed } from './deploy.ts';
import type { Rpc } from './rpc.ts';
import type { Submitter } from './submitter.ts';
import { publicKeyOf } from './transactions.ts';

/** An asset of one's own on a test network, with its asset contract and funded holders. */
export type TestAsset = { code: string; issuer: string; contract: string };

export type TestAssetRequest = {
  code: string;
  /** S… seed of the issuer, whose account exists. */
  issuerSecret: string;
  /** Accounts that exist; each gets a trustline and is topped up to the amount. */
  holders: { secret: string; amount: Units }[];
};

export async function createTestAsset(
  deps: { rpc: Rpc; submitter: Submitter },
  request: TestAssetRequest,
): Promise<TestAsset> {
  const issuer = publicKeyOf(request.issuerSecret);
  const asset = new Asset(request.code, issuer);
  const submit = async (what: string, operation: Parameters<Submitter['submit']>[0]['operation'], secret: string) =>
    landed(what, await deps.submitter.submit({ operation, secret }));

  // One source account has one transaction pending at a time, so only different sources run side by side.
  const [contract] = await Promise.all([
    deployAssetContract(deps, { code: asset.code, issuer }, request.issuerSecret),
    ...request.holders.map(({ secret }) => submit('change trust', Operation.changeTrust({ asset }), secret)),
  ]);
  for (const { secret, amount } of request.holders) {
    const destination = publicKeyOf(secret);
    const holding = await readHolding(deps.rpc, contract, destination);
    const missing = atLeastZero(subtract(amount, holding.ok ? holding.balance : zero));
    if (missing === 0n) continue;
    const payment = Operation.payment({ destination, asset, amount: formatUsdc(missing) });
    await submit('payment', payment, request.issuerSecret);
  }
  return { code: asset.code, issuer, contract };
}
