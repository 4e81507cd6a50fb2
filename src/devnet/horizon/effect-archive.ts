/** Effects by account, built from the ledgers when Horizon is first asked about one, forgotten with their ledgers. */
import type { Chain } from '../ledger/chain.ts';
import { operationSource } from '../ledger/envelope.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { timeText } from './amounts.ts';
import { type Effect, effectTypes } from './effects/effect.ts';
import { effectsOf } from './effects/effects-of.ts';
import { operationMetas } from './operation-meta.ts';
import { firstPosition, type Items, pairPosition } from './page.ts';
import type { HalRecord } from './route.ts';
import { Tail } from './tail.ts';

export type HistoryEffect = {
  readonly operationId: bigint;
  /** Which effect of its operation, from 1. */
  readonly number: number;
  readonly closeTimeS: number;
  readonly effect: Effect;
};

export type EffectArchive = {
  /** In order of their positions; of one account if one is given. */
  list(account?: string): Items<HistoryEffect>;
  /** How many accounts have a list of their own. */
  owners(): number;
};

export function createEffectArchive({ history, network }: Pick<Chain, 'history' | 'network'>): EffectArchive {
  const all = new Tail(effectPosition);
  const byAccount = new Map<string, Tail<HistoryEffect>>();
  let next = 0;
  history.onForgotten((oldest) => forget(firstPosition(toid(oldest, 0, 0), 'pair')));

  function add(effect: HistoryEffect): void {
    all.push(effect);
    const { account } = effect.effect;
    const own = byAccount.get(account) ?? new Tail(effectPosition);
    byAccount.set(account, own);
    own.push(effect);
  }

  function forget(before: bigint): void {
    for (const account of new Set(all.shed(before).map(({ effect }) => effect.account))) {
      const own = byAccount.get(account);
      own?.shed(before);
      if (own?.length === 0) byAccount.delete(account);
    }
  }

  function catchUp(): void {
    const latest = history.latest().sequence;
    for (const { transactions } of history.ledgers(next, latest)) {
      for (const record of transactions) for (const effect of effectsIn(record, network.passphrase)) add(effect);
    }
    next = latest + 1;
  }

  return {
    list(account) {
      catchUp();
      return account === undefined ? all : (byAccount.get(account) ?? new Tail(effectPosition));
    },
    owners: () => byAccount.size,
  };
}

function effectsIn(record: TransactionRecord, passphrase: string): HistoryEffect[] {
  const { signed, closeTimeS } = record;
  return operationMetas(record).flatMap((meta, index) => {
    const operation = signed.tx.operations[index];
    if (!operation) return [];
    const operationId = toid(record.ledger, record.order, index + 1);
    const effects = effectsOf(operation.body, operationSource(signed, operation), meta, passphrase);
    return effects.map((effect, at) => ({ operationId, number: at + 1, closeTimeS, effect }));
  });
}

export function effectPosition({ operationId, number }: HistoryEffect): bigint {
  return pairPosition(operationId, BigInt(number));
}

export function effectResource({ operationId, number, closeTimeS, effect }: HistoryEffect, base: string): HalRecord {
  const token = `${operationId}-${number}`;
  const { account, muxed, type, fields } = effect;
  return {
    _links: {
      operation: { href: `${base}/operations/${operationId}` },
      succeeds: { href: `${base}/effects?order=desc&cursor=${token}` },
      precedes: { href: `${base}/effects?order=asc&cursor=${token}` },
    },
    id: `${operationId.toString().padStart(19, '0')}-${number.toString().padStart(10, '0')}`,
    paging_token: token,
    account,
    ...(muxed ? { account_muxed: muxed.text, account_muxed_id: muxed.id } : {}),
    type,
    type_i: effectTypes[type],
    created_at: timeText(closeTimeS),
    ...fields,
  };
}
