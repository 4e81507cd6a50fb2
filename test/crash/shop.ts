import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Books } from '../../src/admin/books.ts';
import { createAdminClient } from '../../src/cli/admin-client.ts';
import { openPort } from '../../src/cli/open-port.ts';
import { depositFirst, prepareChain } from '../../src/cli/sandbox-chain.ts';
import { prepareFiles, type SandboxKeys, sandboxKeys, sandboxYaml } from '../../src/cli/sandbox-files.ts';
import { systemClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { type DevnetProcess, startDevnetProcess } from './devnet-process.ts';

/**
 * Everything around a gateway that is killed again and again, and that itself never dies: the network with the vault, a
 * service that writes down each call that reaches it, and the configuration of the gateway between them.
 */
export type Shop = {
  devnet: DevnetProcess;
  vault: string;
  /** Contract of the token that is paid in. */
  token: string;
  keys: SandboxKeys;
  consumer: string;
  folder: string;
  config: string;
  databaseFile: string;
  /** What clients call. */
  url: string;
  adminUrl: string;
  /** The operator's side of the gateway, when it runs. */
  books: Books;
  /** Ids of the calls that arrived, one for each arrival. */
  forwarded: string[];
  close(): Promise<void>;
};

/** 0.00005 USDC: the first deposit pays for 200,000 calls. */
export const priceUnits = units(500n);

export async function openShop(): Promise<Shop> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-crash-'));
  const keys = sandboxKeys();
  const devnet = await startDevnetProcess(folder, 250);
  const { config, adminToken } = await prepareFiles(folder, keys);
  const { vault, usdc } = await prepareChain(devnet, keys, systemClock);
  const forwarded: string[] = [];
  const service = await startService(forwarded);
  const [gatewayPort, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  const { passphrase, rpcUrl, horizonUrl } = devnet;
  const { port } = service.address() as AddressInfo;
  const sold = { kind: 'visitor' as const, upstream: `http://127.0.0.1:${port}`, priceUnits };
  const payee = publicKeyOf(keys.payee);
  const yaml = sandboxYaml({ gatewayPort, adminPort, passphrase, rpcUrl, horizonUrl, vault, payee, sold });
  fs.writeFileSync(config, yaml.replace('interval: 5s', 'interval: 1s'));
  await depositFirst(devnet, vault, keys.consumer, systemClock);
  return {
    devnet,
    vault,
    token: usdc.contract,
    keys,
    folder,
    consumer: publicKeyOf(keys.consumer),
    config,
    databaseFile: path.join(folder, 'callora.db'),
    url: `http://127.0.0.1:${gatewayPort}/mine/thing`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    books: createAdminClient({ listen: { host: '127.0.0.1', port: adminPort }, token: adminToken }).books,
    forwarded,
    async close() {
      service.closeAllConnections();
      service.close();
      await devnet.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How the service itself fails: no status that the gateway has for a failure of its own. */
export const ownFailure = 501;

/** Answers at once, late, in two parts, with a failure, or breaks off, so that kills fall into every part of a call. */
async function startService(forwarded: string[]): Promise<Server> {
  const server = createServer((req, res) => {
    const count = forwarded.push(String(req.headers['callora-call']));
    const kind = count % 8;
    if (kind === 7) {
      res.writeHead(ownFailure).end('{}');
      return;
    }
    res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '10' });
    if (kind < 3) res.end('helloworld');
    else if (kind === 6) res.write('hello', () => res.destroy());
    else void systemClock.sleep(kind * 2).then(() => res.end(kind === 5 ? 'helloworld' : 'worldhello'));
    if (kind === 4) res.flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
