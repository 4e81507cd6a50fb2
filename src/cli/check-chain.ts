import type { Config } from '../catalog/model.ts';
import { formatDuration } from '../catalog/quantity.ts';
import { checkAgeCap, tooManyLanes } from '../catalog/vault-bounds.ts';
import { formatUsdc, units } from '../money.ts';
import { readHolding } from '../stellar/account-transactions.ts';
import { readFeeAccount } from '../stellar/fee-account.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import { createVault, type Vault } from '../stellar/vault-client.ts';
import type { VaultInfo } from '../stellar/vault-views.ts';
import { connect } from './chain.ts';
import { checkClassic } from './check-classic.ts';
import type { Cli } from './cli.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { reasonOf } from './gateway-client.ts';

/** What the network says: does everything belong together, and can the gateway settle and pay out? */
export async function checkChain(cli: Pick<Cli, 'clock'>, config: Config): Promise<Finding[]> {
  const { rpc } = connect(cli, config.stellar);
  const horizon = await checkHorizon(config);
  const network = await finding('RPC', () => checkRpc(cli, config, rpc, 'RPC'));
  const second = await checkSecondRpc(cli, config);
  if (network.state === 'fail') return [network, ...second, ...horizon];
  const vault = createVault({ rpc, vault: config.stellar.vault });
  let info: VaultInfo;
  try {
    info = await vault.info();
  } catch (error) {
    const detail = `there is no vault at ${vault.address}: ${messageOf(error)}. Make it with \`callora vault deploy\``;
    return [network, ...second, ...horizon, fail('vault', detail)];
  }
  const operator = publicKeyOf(config.stellar.operatorSecret);
  const checks = await Promise.all([
    finding('operator', () => checkOperator(rpc, operator, info)),
    ...payeesOf(config).map((payee) => finding('payee', () => checkPayee(rpc, vault, info, payee))),
  ]);
  const classic = await checkClassic(rpc, config, info).catch((error) => [fail('deposit account', messageOf(error))]);
  return [network, ...second, ...horizon, ...checkVault(config, info), ...checks, ...classic];
}

/** A question that could not be asked is a failure with its reason. */
async function finding(check: string, ask: () => Promise<Finding>): Promise<Finding> {
  try {
    return await ask();
  } catch (error) {
    return fail(check, messageOf(error));
  }
}

/** A last ledger older than this means a server that has stopped, or a clock that is wrong, s. */
const ledgerAgeMaxS = 60;

/** Sales end when it disagrees, so it must be of the same network. */
async function checkSecondRpc(cli: Pick<Cli, 'clock'>, config: Config): Promise<Finding[]> {
  const { secondRpcUrl: rpcUrl } = config.stellar;
  if (rpcUrl === undefined) return [];
  const { rpc } = connect(cli, { ...config.stellar, rpcUrl });
  return [await finding('second RPC', () => checkRpc(cli, config, rpc, 'second RPC'))];
}

async function checkRpc({ clock }: Pick<Cli, 'clock'>, { stellar }: Config, rpc: Rpc, name: string): Promise<Finding> {
  await rpc.verifyNetwork();
  const { ledger, closedAtS } = await rpc.latestLedger();
  const ageS = Math.round(clock.nowMs() / 1000) - closedAtS;
  if (Math.abs(ageS) > ledgerAgeMaxS) {
    return warn(name, `ledger ${ledger} closed ${ageS} s ago: the server lags, or this machine's clock is wrong`);
  }
  return ok(name, `${stellar.network}, ledger ${ledger} closed ${ageS} s ago`);
}

async function checkHorizon({ stellar }: Config): Promise<Finding[]> {
  if (stellar.horizonUrl === undefined) return [];
  const ask = async () => {
    const answer = await fetch(stellar.horizonUrl ?? '', { signal: AbortSignal.timeout(10_000) });
    const root: unknown = await answer.json();
    const passphrase = typeof root === 'object' && root !== null ? Reflect.get(root, 'network_passphrase') : undefined;
    if (passphrase === stellar.passphrase) return ok('Horizon', stellar.horizonUrl ?? '');
    return fail('Horizon', `it serves "${String(passphrase)}", not "${stellar.passphrase}"`);
  };
  try {
    return [await ask()];
  } catch (error) {
    return [warn('Horizon', `${stellar.horizonUrl} does not answer: ${reasonOf(error)}`)];
  }
}

function checkVault(config: Config, info: VaultInfo): Finding[] {
  const delayS = info.config.withdrawDelayS;
  const age = checkAgeCap(config, delayS);
  const findings = [
    ok('vault', `${config.stellar.vault}, version ${info.version}, fee ${info.config.feeBps / 100} %`),
    age.ok
      ? ok('age cap', `charges are settled long before a withdrawal (${formatDuration(delayS * 1000)}) can pass`)
      : fail('age cap', age.message),
  ];
  const excess = tooManyLanes(config.settlement.lanes, info.config.lanes);
  if (excess) findings.push(fail('lanes', excess));
  if ((info.paused & 2) !== 0) findings.push(fail('vault', 'settlement is paused: paid calls are refused'));
  if ((info.paused & 1) !== 0) findings.push(warn('vault', 'deposits are paused'));
  if (info.pendingAdmin !== undefined)
    findings.push(warn('vault', `${info.pendingAdmin} is about to become its admin`));
  if (info.pendingUpgrade) {
    findings.push(warn('vault', `an upgrade to ${info.pendingUpgrade.hash} is proposed: everyone should know`));
  }
  return findings;
}

async function checkOperator(rpc: Rpc, operator: string, info: VaultInfo): Promise<Finding> {
  if (info.operator !== operator) {
    return fail('operator', `the key of this config is ${operator}, but the vault obeys ${info.operator}`);
  }
  return judgeFees(operator, (await readFeeAccount(rpc, operator))?.freeStroops);
}

/**
 * Stroops. A batch of 190 accounts costs 0.09 XLM (contracts/README.md, Costs) without inclusion and what has to be restored
 * for it: with less than twice that settlement may stand still at once. Ten XLM are some hundred batches, or a tenth of a
 * month's rent for the vault's code at the highest rate in sight.
 */
const feesLowStroops = 100_000_000n;
const feesGoneStroops = 2_000_000n;

/** What is left for fees above the reserve; undefined for an account that does not exist. */
export function judgeFees(operator: string, freeStroops: bigint | undefined): Finding {
  if (freeStroops === undefined) {
    return fail('operator', `${operator} does not exist on this network: fund it with XLM for fees`);
  }
  const left = `${operator} has ${formatUsdc(units(freeStroops))} XLM for fees`;
  if (freeStroops < feesGoneStroops) return fail('operator', `${left}: a full batch may cost more. Fund it`);
  if (freeStroops < feesLowStroops)
    return warn('operator', `${left}: enough for some batches and little rent. Fund it soon`);
  return ok('operator', operator);
}

async function checkPayee(rpc: Rpc, vault: Vault, info: VaultInfo, payee: string): Promise<Finding> {
  if (!(await vault.isPayee(payee))) {
    return fail(
      'payee',
      `the vault does not list ${payee}: its admin adds it with \`callora vault payee add ${payee}\``,
    );
  }
  const holding = await readHolding(rpc, info.token, payee);
  if (holding.ok) return ok('payee', payee);
  const reasons = {
    no_account: 'does not exist yet',
    no_trustline: 'has no trustline for USDC',
    not_authorized: 'is not authorised by the issuer of USDC',
  };
  return warn(
    'payee',
    `${payee} ${reasons[holding.reason]}: it earns, but cannot be paid out until its owner has set that right`,
  );
}

function payeesOf(config: Config): string[] {
  return [...new Set(config.apis.map((api) => api.payee))];
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
