import type { Config } from '../catalog/model.ts';
import { formatUsdc } from '../money.ts';
import { readHolding, readTokenAsset } from '../stellar/account-transactions.ts';
import { readNativeStroops } from '../stellar/native-balance.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import type { VaultInfo } from '../stellar/vault-views.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** 3 XLM: an account with one trustline keeps 1.5 XLM in reserve, and the rest moves about eighty payments. */
const nativeMinStroops = 30_000_000n;

const check = 'deposit account';

/** Could the deposit account receive a payment now, and move it into the vault? */
export async function checkClassic(rpc: Rpc, { deposits }: Config, info: VaultInfo): Promise<Finding[]> {
  if (!deposits.classic) return [];
  const address = publicKeyOf(deposits.classic.secret);
  const asset = await readTokenAsset(rpc, info.token);
  if (!asset) return [fail(check, `the vault's token ${info.token} is no classic asset: wallets cannot pay it`)];
  const [native, holding] = await Promise.all([readNativeStroops(rpc, address), readHolding(rpc, info.token, address)]);
  if (native === undefined) {
    return [fail(check, `${address} does not exist on this network: send it 5 XLM, then add the trustline`)];
  }
  const findings: Finding[] = [];
  if (!holding.ok) {
    const trust = `${asset.code} of ${asset.issuer}`;
    findings.push(
      holding.reason === 'not_authorized'
        ? fail(check, `${address} is not authorised by the issuer to hold ${trust}`)
        : fail(check, `${address} has no trustline for ${trust}: \`callora deposits trust\` adds it`),
    );
  }
  if (native < nativeMinStroops) {
    findings.push(
      warn(check, `${address} holds ${xlm(native)} XLM: below ${xlm(nativeMinStroops)} it soon lacks fees`),
    );
  }
  const { minUnits } = deposits.classic;
  if (minUnits < info.config.minDeposit) {
    const binds = formatUsdc(info.config.minDeposit);
    findings.push(warn(check, `deposits.classic.min is below the vault's own least deposit: ${binds} USDC binds`));
  }
  return findings.length > 0 ? findings : [ok(check, `${address}, ${xlm(native)} XLM for fees`)];
}

function xlm(stroops: bigint): string {
  return `${stroops / 10_000_000n}.${(stroops % 10_000_000n).toString().padStart(7, '0').slice(0, 2)}`;
}
