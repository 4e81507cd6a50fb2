/** The network as a server sees it that is behind, or that belongs to another network. */
import { hash } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { readEnvelope } from '../ledger/envelope.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import type { Past } from './past.ts';

/**
 * So many ledgers behind, or as far as the past reaches. All of one view is of one ledger. What is sent through it goes
 * to the network as it is: a node that lags still passes transactions on.
 */
export function behind(chain: Chain, past: Past, ledgers: number): Chain {
  const lag = () => Math.min(ledgers, past.reach());
  const history = historyBehind(chain.history, lag);
  return {
    ...chain,
    history,
    get entries() {
      return past.entries(lag());
    },
    nextMoment: () => ({ ...chain.nextMoment(), sequence: history.latest().sequence + 1 }),
  };
}

function historyBehind(history: History, lag: () => number): History {
  const last = () => Math.max(history.oldest().sequence, history.latest().sequence - lag());
  const existing = (sequence: number): LedgerRecord => {
    const record = history.ledger(sequence);
    if (!record) throw new Error(`ledger ${sequence} is not kept`);
    return record;
  };
  return {
    ...history,
    latest: () => existing(last()),
    ledger: (sequence) => (sequence <= last() ? history.ledger(sequence) : undefined),
    transaction: (id) => {
      const record = history.transaction(id);
      return record && record.ledger <= last() ? record : undefined;
    },
    ledgers: (from, to) => history.ledgers(from, Math.min(to, last())),
  };
}

/** A server of the network with this passphrase, whichever: nothing is signed with it. */
export function underPassphrase(chain: Chain, passphrase: string): Chain {
  const network = { ...chain.network, passphrase, id: hash(passphrase) };
  return { ...chain, network, read: (envelope) => readEnvelope(envelope, network) };
}
