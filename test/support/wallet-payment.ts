import { Asset, Horizon, type Keypair, type Memo, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import type { SandboxInfo } from '../../src/cli/sandbox-report.ts';

export type WalletPayment = { from: Keypair; to: string; amount: string; memo: Memo };

/** A payment as any wallet makes it; resolves with its operation id when the network has it. */
export async function payFromWallet(info: SandboxInfo, { from, to, amount, memo }: WalletPayment): Promise<string> {
  const horizon = new Horizon.Server(info.horizonUrl, { allowHttp: true });
  const source = await horizon.loadAccount(from.publicKey());
  const asset = new Asset('USDC', info.usdc.issuer);
  const tx = new TransactionBuilder(source, { fee: '100', networkPassphrase: info.networkPassphrase, memo })
    .addOperation(Operation.payment({ destination: to, asset, amount }))
    .setTimeout(60)
    .build();
  tx.sign(from);
  const { hash } = await horizon.submitTransaction(tx);
  const { records } = await horizon.operations().forTransaction(hash).call();
  return records[0]?.id ?? '';
}
