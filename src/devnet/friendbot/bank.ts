/** The network's root account, which holds all coins that nobody else has, as a sender of transactions. */
import { Account, TransactionBuilder, type xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import { readAccount } from '../ledger/entries.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { FriendbotRefusal } from './refusal.ts';

/** Stroops: the least that a transaction of one operation costs. */
const FEE = '100';

export type Bank = {
  /** Resolves when the transaction's ledger is closed, also when it failed there. Throws when it is not taken. */
  send(operation: xdr.Operation, sorobanData?: xdr.SorobanTransactionData): Promise<TransactionRecord>;
};

export function createBank(chain: Chain): Bank {
  const { network, entries } = chain;
  let lastKind: 'classic' | 'soroban' = 'classic';

  function submit(operation: xdr.Operation, sorobanData: xdr.SorobanTransactionData | undefined): string {
    const root = readAccount(entries, network.root.xdrPublicKey());
    if (!root) throw new FriendbotRefusal('failed', 'the root account is gone');
    // Several requests may wait for the same ledger, one sequence number after another.
    const sequence = chain.waiting.lastNumber(root.accountId) ?? root.seqNum;
    const source = new Account(network.root.publicKey(), sequence.toString());
    const builder = new TransactionBuilder(source, { fee: FEE, networkPassphrase: network.passphrase });
    builder.addOperation(operation).setTimeout(0);
    if (sorobanData) builder.setSorobanData(sorobanData);
    const tx = builder.build();
    tx.sign(network.root);
    const signed = chain.read(tx.toEnvelope().toXdr());
    const answer = chain.submit(signed, true);
    if (answer.status === 'PENDING' || answer.status === 'DUPLICATE') return signed.hash;
    const why = answer.status === 'ERROR' ? answer.result.result.type : 'ask again in the next ledger';
    throw new FriendbotRefusal('failed', `the transaction was refused: ${why}`);
  }

  function waits(): boolean {
    const root = readAccount(entries, network.root.xdrPublicKey());
    return root !== undefined && chain.waiting.lastNumber(root.accountId) !== undefined;
  }

  return {
    async send(operation, sorobanData) {
      const kind = sorobanData ? 'soroban' : 'classic';
      // A ledger applies its classic transactions before those of contracts, whatever their numbers: one of the other kind
      // waits until those before it are in a ledger.
      while (kind !== lastKind && waits()) await nextLedger(chain);
      lastKind = kind;
      const hash = submit(operation, sorobanData);
      return chain.history.transaction(hash) ?? included(chain, hash);
    },
  };
}

function nextLedger(chain: Chain): Promise<void> {
  return new Promise((resolve) => {
    const stop = chain.onClosed(() => {
      stop();
      resolve();
    });
  });
}

function included(chain: Chain, hash: string): Promise<TransactionRecord> {
  return new Promise((resolve, reject) => {
    const stop = chain.onClosed(() => {
      const record = chain.history.transaction(hash);
      if (!record && chain.waiting.isWaiting(hash)) return;
      stop();
      if (record) resolve(record);
      else reject(new FriendbotRefusal('failed', 'the transaction was dropped'));
    });
  });
}
