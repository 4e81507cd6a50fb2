import path from 'node:path';
import type { Config } from '../../src/catalog/model.ts';
import type { Units } from '../../src/money.ts';
import { makeConfig } from '../gateway/make-config.ts';
import { classicMinUnits } from './classic.ts';
import { horizonUrl } from './horizon-line.ts';
import { rpcUrl, type SimNetwork } from './network.ts';
import type { Places } from './process.ts';

/** What is sold as the catalog's file says; the rest fits a network whose time a script moves. */
export function configOf(network: SimNetwork, places: Places): Config {
  const config = makeConfig([]);
  const { apis, routes, gateway } = places.catalog.load();
  return {
    ...config,
    file: places.catalog.file,
    apis,
    routes,
    gateway: { ...gateway, publicUrl: config.gateway.publicUrl },
    stellar: {
      ...config.stellar,
      passphrase: network.passphrase,
      rpcUrl,
      secondRpcUrl: network.secondRpcUrl,
      horizonUrl,
      vault: network.vaultAddress,
      operatorSecret: network.operatorSecret,
      feeMaxStroops: 10_000_000,
    },
    deposits: { ...config.deposits, classic: { secret: network.depositSecret, minUnits: classicMinUnits as Units } },
    storage: { ...config.storage, durability: network.durability ?? 'process', path: path.resolve(places.file) },
    tokens: { keysFile: places.keysFile, ttlMs: 1e9, ttlMaxMs: 1e9 },
    settlement: {
      ...config.settlement,
      lanes: network.lanes ?? 1,
      intervalMs: 1_000,
      ageMaxMs: 600_000,
      payoutMinUnits: 1n as Units,
    },
  };
}
