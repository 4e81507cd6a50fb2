/** What `callora devnet` shows: who has coins, where the servers are, and each ledger in which something happened. */
import { counted } from '../counted.ts';
import type { Devnet, DevnetLedger } from './devnet.ts';

export type DevnetInfo = {
  rpcUrl: string;
  horizonUrl: string;
  friendbotUrl: string;
  networkPassphrase: string;
  accounts: { address: string; secret: string }[];
};

export type DevnetTimes = { closeMs: number | undefined; statePath: string | undefined };

export function welcome(info: DevnetInfo, devnet: Pick<Devnet, 'latestLedger'>, times: DevnetTimes): string {
  const { sequence } = devnet.latestLedger();
  const closing = times.closeMs === undefined ? 'one for each transaction' : `every ${times.closeMs} ms`;
  return [
    'Accounts that have coins. Their keys are known to everyone: never use them on a real network.',
    '',
    ...info.accounts.map(({ address, secret }, index) => `  (${index})  ${address}  ${secret}`),
    '',
    `network     ${info.networkPassphrase}`,
    `RPC         ${info.rpcUrl}`,
    `Horizon     ${info.horizonUrl}`,
    `friendbot   ${info.friendbotUrl}?addr=G...`,
    `ledgers     ${closing}; the latest is ${sequence}`,
    `kept in     ${times.statePath ?? 'memory only; --state FILE keeps it'}`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

/** One line for the ledger and one for each transaction in it; nothing for an empty ledger. */
export function ledgerLines({ sequence, closeTimeS, transactions }: DevnetLedger): string[] {
  if (transactions.length === 0) return [];
  const time = new Date(closeTimeS * 1000).toISOString().slice(11, 19);
  const count = counted(transactions.length, 'transaction');
  return [
    `${time}  ledger ${sequence}  ${count}`,
    ...transactions.map(
      ({ hash, successful, operations }) => `  ${successful ? 'ok    ' : 'FAILED'}  ${hash}  ${operations.join(', ')}`,
    ),
  ];
}
