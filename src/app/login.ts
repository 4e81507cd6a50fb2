import type { Sessions } from '../access/session.ts';
import { createWalletLogin, type WalletLogin } from '../access/wallet-login.ts';
import { readAccountSigners } from '../stellar/account-signers.ts';
import { deriveSeed } from '../stellar/seeds.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import type { Core } from './core.ts';

/** Wallet login with a key of its own, derived from the operator's: one file to keep, and no key signs two kinds of message. */
export function createLogin(core: Core): {
  walletLogin: WalletLogin;
  address: string;
  startSession: Sessions['issue'];
} {
  const { config, clock, rpc, store, metrics, tokenDesk, sessions } = core;
  const { stellar, gateway, tokens } = config();
  const secret = deriveSeed(gateway.identitySecret, 'wallet login');
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
    async issue(account) {
      await findDeposit(core, account);
      const issued = await tokenDesk.issue({ account, scope: '*', ttlMs: tokens.ttlMs, source: 'wallet' });
      metrics.loggedIn();
      return issued;
    },
  });
  const startSession = async (account: string) => {
    await findDeposit(core, account);
    return sessions.issue(account);
  };
  return { walletLogin, address: publicKeyOf(secret), startSession };
}

/**
 * Deposits that no source shows any more, of before this database or of a gap, are found when their account logs in and the
 * books know none: what the vault says of it then costs one question.
 */
async function findDeposit({ watcher, ledger, log }: Core, account: string): Promise<void> {
  if ((ledger.account(account)?.deposited ?? 0n) > 0n) return;
  await watcher.lookUp(account).catch((error: unknown) => {
    log.warn({ err: error, account }, 'the vault could not be asked for deposits of this account; login goes on');
  });
}
