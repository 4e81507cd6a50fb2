import { readFileSync } from 'node:fs';
import { Address, Asset, hash, nativeToScVal, xdr } from '@stellar/stellar-sdk/base';
import { i128Value, structValue } from '../../src/stellar/contract-values.ts';
import { createVault, type Vault } from '../../src/stellar/vault-client.ts';
import { address, call, HostLedger, hostPassphrase, i128, keypair } from '../support/host-ledger.ts';
import { hostRpc } from './host-rpc.ts';

export const admin = keypair('admin');
export const operator = keypair('operator');
const issuer = keypair('issuer');
export const payer = keypair('payer');
export const payee = keypair('payee');
export const latePayee = keypair('late payee');
const usdc = new Asset('USDC', issuer.publicKey());
export const token = usdc.contractId(hostPassphrase);
const wasm = readFileSync(new URL('../../contracts/dist/vault.wasm', import.meta.url));
export const delayS = 86_400;

/** The vault's code on the real contract host: a payer with USDC, one listed payee. */
export async function deployed(): Promise<{ ledger: HostLedger; vault: Vault; run: HostLedger['run'] }> {
  const ledger = new HostLedger();
  for (const key of [admin, operator, issuer, payer]) ledger.addAccount(key);
  const accountId = payer.xdrAccountId();
  const asset = usdc.toTrustLineXDRObject();
  const line = {
    accountId,
    asset,
    balance: 10n ** 15n,
    limit: 2n ** 63n - 1n,
    flags: 1,
    ext: xdr.TrustLineEntryExt.v0(),
  };
  ledger.put(
    xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId, asset })),
    xdr.LedgerEntryData.trustline(new xdr.TrustLineEntry(line)),
  );
  const { HostFunction } = xdr;
  await ledger.run(
    HostFunction.hostFunctionTypeCreateContract(
      new xdr.CreateContractArgs({
        contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAsset(usdc.toXdrObject()),
        executable: xdr.ContractExecutable.contractExecutableStellarAsset(),
      }),
    ),
    admin,
  );
  await ledger.run(HostFunction.hostFunctionTypeUploadContractWasm(wasm), admin);
  const created = await ledger.run(
    HostFunction.hostFunctionTypeCreateContractV2(
      new xdr.CreateContractArgsV2({
        contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAddress(
          new xdr.ContractIdPreimageFromAddress({
            address: Address.fromString(admin.publicKey()).toScAddress(),
            salt: new Uint8Array(32),
          }),
        ),
        executable: xdr.ContractExecutable.contractExecutableWasm(hash(wasm)),
        constructorArgs: [address(admin), address(operator), address(token), address(admin), config()],
      }),
    ),
    admin,
  );
  const vault = createVault({ rpc: hostRpc(ledger), vault: Address.fromScVal(created).toString() });
  await ledger.run(call(vault.address, 'add_payee', address(payee)), admin);
  return { ledger, vault, run: ledger.run.bind(ledger) };
}

function config(): xdr.ScVal {
  const u64 = (value: number) => nativeToScVal(value, { type: 'u64' });
  const u32 = (value: number) => nativeToScVal(value, { type: 'u32' });
  return structValue({
    default_limit: i128Value(10_000_000_000n),
    fee_bps: u32(0),
    lanes: u32(32),
    limit_period_s: u64(86_400),
    min_deposit: i128Value(1n),
    upgrade_delay_s: u64(2 * delayS),
    withdraw_delay_s: u64(delayS),
  });
}

export const account = (name: string) => keypair(name).publicKey();

export const depositFor = (vault: Vault, name: string, amount: bigint) =>
  call(vault.address, 'deposit', address(payer), address(account(name)), i128(amount));
