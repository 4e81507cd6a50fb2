import { counted } from '../counted.ts';
import { formatUsdc, type Units } from '../money.ts';
import { bundled } from '../own-files.ts';

/** What the sandbox tells people and, with --info-file, programs. */

export type Say = (line: string) => void;

export type SandboxInfo = {
  gateway: string;
  admin: string;
  adminToken: string;
  rpcUrl: string;
  horizonUrl: string;
  friendbotUrl: string;
  networkPassphrase: string;
  vault: string;
  usdc: { code: string; issuer: string; contract: string };
  consumer: { address: string; secret: string; keyFile: string };
  payee: { address: string };
  /** The account that wallets and exchanges pay, with a memo. */
  deposit: { address: string };
  operator: { address: string; secret: string };
  token: string;
  config: string;
  dataDir: string;
};

export type Settlement = {
  lane: number;
  batch: number;
  calls: number;
  total: Units;
  txHash: string;
  earnings: { payee: string; gross: Units }[];
};

/** How a person starts this program again. */
const self = bundled ? 'callora' : 'npm run callora --';

/** The Node of a checkout is in it: the one on the PATH may be older. */
const node = bundled ? 'node' : 'npm exec -- node';

export function printWelcome(
  say: Say,
  info: SandboxInfo,
  options: { path: string; seconds: string; price: string; socketPath: string | undefined },
): void {
  say('');
  say(`Ready in ${options.seconds} s. A call costs ${options.price} USDC; paste this in another terminal:`);
  say('');
  say(`  curl -i ${info.gateway}${options.path} -H 'authorization: Bearer ${info.token}'`);
  say('');
  if (options.socketPath !== undefined) sayHowToOpen(say, info, options.socketPath);
  say('The same call without the token is refused with 401, and one that fails upstream costs nothing.');
  say(`  your page   ${info.gateway}/_callora/app/ (prices; paste the token to see balance, usage and calls)`);
  say(`  dashboard   ${info.admin}/dashboard/ (admin token: ${info.adminToken})`);
  say(`  settle now  ${self} settle now --config ${info.config}`);
  say(`  the books   ${self} reconcile --config ${info.config}`);
  say(`  leave       ${self} withdraw 1 --gateway ${info.gateway} --key ${info.consumer.keyFile}`);
  say(`  pay in      ${info.gateway}/_callora/deposit (with the token) tells any Stellar wallet how`);
  say('');
  say('Settlements follow here as they land on chain. Ctrl-C ends the sandbox.');
}

/** Node has a WebSocket client that sends header fields from version 22 on; browsers have none that does. */
function sayHowToOpen(say: Say, info: SandboxInfo, path: string): void {
  const url = `${info.gateway.replace(/^http/, 'ws')}${path}`;
  const script =
    `const w = new WebSocket("${url}", { headers: { authorization: "Bearer ${info.token}" } });` +
    ' w.onopen = () => w.send("hello"); w.onmessage = (e) => console.log(e.data); w.onclose = (e) => console.log(e.code)';
  const needs = bundled ? ' (Node 22 or later)' : '';
  say(`And a WebSocket${needs}, where each message you send costs 0.001 USDC and what you hear is free:`);
  say('');
  say(`  ${node} -e '${script}'`);
  say('');
}

export function printSettlement(say: Say, settled: Settlement): void {
  const calls = counted(settled.calls, 'call');
  say(`settled     batch ${settled.batch}: ${calls}, ${formatUsdc(settled.total)} USDC, transaction ${settled.txHash}`);
  for (const { payee, gross } of settled.earnings)
    say(`            payee ${payee} has earned ${formatUsdc(gross)} USDC`);
}
