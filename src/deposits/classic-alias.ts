import { createHmac } from 'node:crypto';
import type { DepositAliases } from '../store/deposit-aliases.ts';
import type { Store } from '../store/store.ts';

/**
 * The numbers that payers write as MEMO_ID. Each is derived from the account's address under a key of the deposit seed, so
 * nobody can compute another's, and a lost database leads back to the same numbers. All accounts get one: a number that
 * was only shown in a refusal is honoured too.
 */
export type ClassicAliases = {
  /** The account's number, or undefined where another account already has it. Pure arithmetic: fit for a refusal. */
  of(address: string): string | undefined;
  /** Writes down the number of one account at once. */
  keep(account: { accountId: number; address: string }): string | undefined;
  /** Writes down the numbers of accounts that came since the last time. */
  catchUp(): void;
};

export type ClassicAliasDeps = {
  /** 32 bytes from the deposit seed. */
  key: Uint8Array;
  /** Names the seed: what was written down under another one is written anew. */
  account: string;
  aliases: DepositAliases;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  /** A number was written down for the first time. */
  onAlias: (alias: string, accountId: number) => void;
};

/** Accounts read at once. How far it has come is noted after each such step; done twice, a step changes nothing. */
const batch = 500;

export function createClassicAliases(deps: ClassicAliasDeps): ClassicAliases {
  const { key, aliases, meta } = deps;
  const metaKey = `classic_aliased ${deps.account}`;
  const refusedKey = `classic_alias_refused ${deps.account}`;
  /** Accounts whose number belongs to another: one in 2^64 for each pair of accounts. */
  const refused = new Set((meta.get(refusedKey) ?? '').split(' '));

  function keep({ accountId, address }: { accountId: number; address: string }): string | undefined {
    const alias = deriveAlias(key, address);
    const outcome = aliases.add(alias, accountId);
    if (outcome === 'added') deps.onAlias(alias, accountId);
    if (outcome !== 'taken') return alias;
    if (refused.has(address)) return undefined;
    refused.add(address);
    meta.set(refusedKey, [...refused].join(' '));
    return undefined;
  }

  return {
    of: (address) => (refused.has(address) ? undefined : deriveAlias(key, address)),
    keep,
    catchUp() {
      let last = Number(meta.get(metaKey) ?? 0);
      for (;;) {
        const accounts = aliases.accountsAfter(last, batch);
        for (const account of accounts) keep(account);
        const end = accounts.at(-1)?.accountId;
        if (end === undefined) return;
        last = end;
        meta.set(metaKey, String(last));
      }
    },
  };
}

/** The first 64 bits of an HMAC of the address, as decimal text. */
export function deriveAlias(key: Uint8Array, address: string): string {
  return createHmac('sha256', key).update(address).digest().readBigUInt64BE(0).toString();
}
