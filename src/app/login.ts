import { createWalletLogin, type WalletLogin } from '../access/wallet-login.ts';
import { readAccountSigners } from '../stellar/account-signers.ts';
import { deriveSeed } from '../stellar/seeds.ts';
import { publicKeyOf } from '../stellar/transactions.ts';

import type { Core } from './core.ts';

/** Wallet login with a key of its own, derived from the operator's: one file to keep, and no key signs two kinds of message. */
export function createLogin({ config, clock, rpc, store, tokenDesk }: Core): {
  walletLogin: WalletLogin;
  address: string;
} {
  const { stellar, gateway, tokens } = config();
  const secret = deriveSeed(stellar.operatorSecret, 'wallet login');
  const domain = new URL(gateway.publicUrl).host;
  const walletLogin = createWalletLogin({
    serverKeypairSecret: secret,
    homeDomain: domain,
    webAuthDomain: domain,
    passphrase: stellar.passphrase,
    clock,
    accountSigners: (address) => readAccountSigners(rpc, address),
    async useOnce(hash, expiresAtMs) {
      const first = store.challenges.useOnce(hash, expiresAtMs);
      await store.sync();
      return first;
    },
    issue: (account) => tokenDesk.issue({ account, scope: '*', ttlMs: tokens.ttlMs, source: 'wallet' }),
  });
  return { walletLogin, address: publicKeyOf(secret) };
}
