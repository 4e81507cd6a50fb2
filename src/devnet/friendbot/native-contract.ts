/** The native asset's contract: it pays contracts, which have no account to pay to. */
import { Address, Asset, nativeToScVal, Operation, scValToNative, xdr } from '@stellar/stellar-sdk';
import type { Simulation } from '../host-answers.ts';
import type { Chain } from '../ledger/chain.ts';
import { keyText } from '../ledger/entries.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import type { Bank } from './bank.ts';
import { FriendbotRefusal } from './refusal.ts';

export type NativeContract = {
  readonly asset: Asset;
  /** Stroops that a contract holds; 0 for one that is unknown. */
  balanceOf(contract: string): bigint;
  /** From the root account. The asset's contract is made first if nobody has done so: anyone may. */
  transfer(contract: string, stroops: bigint): Promise<TransactionRecord>;
};

export function createNativeContract(chain: Chain, bank: Bank): NativeContract {
  const { network, host } = chain;
  const asset = Asset.native();
  const id = asset.contractId(network.passphrase);
  const root = network.root.publicKey();
  let making: Promise<void> | undefined;

  function simulated(operation: xdr.Operation): Simulation & { ok: true } {
    if (operation.body.type !== 'invokeHostFunction') throw new TypeError('only invocations are simulated');
    const request = {
      hostFunction: operation.body.invokeHostFunctionOp.hostFunction.toXdr(),
      source: network.root.xdrPublicKey().toXdr(),
      seed: chain.freshSeed(),
      authMode: 'record' as const,
    };
    const header = host.headerAt(chain.nextMoment());
    const simulation = host.on(chain.entries, (soroban) => soroban.simulate(header, request));
    if (simulation.ok) return simulation;
    throw new FriendbotRefusal('failed', `the native asset's contract says: ${simulation.text}`);
  }

  /** What it must declare and sign is found out first, as every sender does. */
  function send(build: (auth: xdr.SorobanAuthorizationEntry[]) => xdr.Operation): Promise<TransactionRecord> {
    const { auth, transactionData } = simulated(build([]));
    if (!transactionData) throw new FriendbotRefusal('failed', 'the host gave no transaction data');
    const entries = auth.map((entry) => xdr.SorobanAuthorizationEntry.fromXdr(entry));
    return bank.send(build(entries), xdr.SorobanTransactionData.fromXdr(transactionData));
  }

  async function make(): Promise<void> {
    await send((auth) => Operation.createStellarAssetContract({ asset, auth }));
  }

  return {
    asset,
    balanceOf(contract) {
      if (!isMade(chain, id)) return 0n;
      const call = { contract: id, function: 'balance', args: [new Address(contract).toScVal()] };
      const { returnValue } = simulated(Operation.invokeContractFunction(call));
      return BigInt(scValToNative(xdr.ScVal.fromXdr(returnValue)));
    },
    async transfer(contract, stroops) {
      if (!isMade(chain, id)) {
        // Those who ask while it is being made wait for the same transaction.
        making ??= make().finally(() => {
          making = undefined;
        });
        await making;
      }
      const parties = [root, contract].map((address) => new Address(address).toScVal());
      const args = [...parties, nativeToScVal(stroops, { type: 'i128' })];
      return send((auth) => Operation.invokeContractFunction({ contract: id, function: 'transfer', args, auth }));
    },
  };
}

function isMade(chain: Chain, id: string): boolean {
  const key = new xdr.LedgerKeyContractData({
    contract: new Address(id).toScAddress(),
    key: xdr.ScVal.scvLedgerKeyContractInstance(),
    durability: xdr.ContractDataDurability.persistent,
  });
  return chain.entries.get(keyText(xdr.LedgerKey.contractData(key))) !== undefined;
}
