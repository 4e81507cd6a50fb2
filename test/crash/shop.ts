import { createHash, randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Books } from '../../src/admin/books.ts';
import { createAdminClient } from '../../src/cli/admin-client.ts';
import { connect } from '../../src/cli/chain.ts';
import { CliError } from '../../src/cli/exit-codes.ts';
import { openPort } from '../../src/cli/open-port.ts';
import { depositFirst, prepareChain, type SandboxChain } from '../../src/cli/sandbox-chain.ts';
import { prepareFiles, type SandboxKeys, sandboxKeys, sandboxYaml } from '../../src/cli/sandbox-files.ts';
import { systemClock } from '../../src/clock.ts';
import { formatUsdc, type Units, units } from '../../src/money.ts';
import { createAccountTransactions } from '../../src/stellar/account-transactions.ts';
import { addPayee, landed } from '../../src/stellar/deploy.ts';
import { seedFromBytes } from '../../src/stellar/seeds.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { type DevnetProcess, startDevnetProcess } from './devnet-process.ts';
import { type Service, startService } from './service.ts';

/**
 * Everything around a gateway that is killed again and again, and that itself never dies: the network with the vault,
 * two services that write down each call that reaches them, and the configuration of the gateway between them.
 */
export type Shop = {
  devnet: DevnetProcess;
  vault: string;
  /** Contract of the token that is paid in. */
  token: string;
  keys: SandboxKeys;
  /** An account that has paid in the first deposit. */
  consumer: string;
  folder: string;
  config: string;
  databaseFile: string;
  /** Each with a payee and a price of its own, so that what is booked in the wrong place shows in both sums. */
  apis: [SoldApi, SoldApi];
  /** What clients of the first API call. */
  url: string;
  adminUrl: string;
  /** The operator's side of the gateway, when it runs. */
  books: Books;
  close(): Promise<void>;
};

export type SoldApi = Pick<Service, 'arrived'> & { payee: string; url: string; price: Units };

/** 0.00005 USDC: the first deposit pays for 200,000 calls. */
const price = units(500n);
const otherPrice = units(300n);

const otherPayee = seedFromBytes(createHash('sha256').update('callora crash other payee').digest());

export async function openShop(): Promise<Shop> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-crash-'));
  const keys = sandboxKeys();
  const devnet = await startDevnetProcess(folder, 250);
  const { config, adminToken } = await prepareFiles(folder, keys);
  const chain = await prepareChain(devnet, keys, systemClock);
  const { vault } = chain;
  const [service, other] = [await startService(), await startService()];
  const payee = publicKeyOf(keys.payee);
  const secondPayee = await listOtherPayee(devnet, chain, keys);
  const [gatewayPort, adminPort] = [await keptPort(), await keptPort()];
  const { passphrase, rpcUrl, horizonUrl } = devnet;
  const sold = { kind: 'visitor' as const, upstream: `http://127.0.0.1:${service.port}`, priceUnits: price };
  const yaml = sandboxYaml({ gatewayPort, adminPort, passphrase, rpcUrl, horizonUrl, vault, payee, sold });
  fs.writeFileSync(config, yaml.replace('interval: 5s', 'interval: 1s') + otherApi(secondPayee, other.port));
  await depositFirst(devnet, vault, keys.consumer, systemClock);
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  const url = `${gateway}/mine/thing`;
  return {
    devnet,
    vault,
    token: chain.usdc.contract,
    keys,
    folder,
    consumer: publicKeyOf(keys.consumer),
    config,
    databaseFile: path.join(folder, 'callora.db'),
    apis: [
      { arrived: service.arrived, payee, url, price },
      { arrived: other.arrived, payee: secondPayee, url: `${gateway}/other/thing`, price: otherPrice },
    ],
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    books: createAdminClient({ listen: { host: '127.0.0.1', port: adminPort }, token: adminToken }).books,
    async close() {
      service.close();
      other.close();
      await devnet.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Below the ports that systems give to whoever connects: while the gateway is down, its port would now and then be that of a
 * client's connection, and the next start end with that.
 */
async function keptPort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    try {
      return await openPort(String(port), '--port');
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
    }
  }
}

/** Makes an account that the vault may pay; its address. */
async function listOtherPayee(
  devnet: DevnetProcess,
  { vault, usdc }: SandboxChain,
  keys: SandboxKeys,
): Promise<string> {
  const { submitter } = connect({ clock: systemClock }, devnet);
  const payee = createAccountTransactions({ submitter, vault, secret: otherPayee });
  await devnet.control('devnet_fund', { address: payee.address });
  landed('change trust', await payee.trust(usdc));
  await addPayee({ submitter }, vault, keys.admin, payee.address);
  return payee.address;
}

function otherApi(payee: string, port: number): string {
  return `  - name: other
    payee: ${payee}
    mount: /other
    upstream: http://127.0.0.1:${port}
    allow_private: true
    price: "${formatUsdc(otherPrice)}"
`;
}
