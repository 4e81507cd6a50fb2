/** Gives away native coins: one new account a request, as the public friendbot does. */
import { Account, Operation, StrKey, TransactionBuilder, xdr } from '@stellar/stellar-sdk';
import type { Chain } from './ledger/chain.ts';
import { readAccount } from './ledger/entries.ts';
import { accountId } from './ledger/envelope.ts';
import type { TransactionRecord } from './ledger/records.ts';

/** What a new account gets. */
export const FRIENDBOT_XLM = '10000';

export type Friendbot = {
  /** Resolves when the ledger with the payment is closed. Throws when the transaction fails. */
  fund(address: string): Promise<TransactionRecord>;
};

export class FriendbotRefusal extends Error {
  override readonly name = 'FriendbotRefusal';
}

export function createFriendbot(chain: Chain): Friendbot {
  const { network, entries } = chain;

  function send(address: string): string {
    const root = readAccount(entries, network.root.xdrPublicKey());
    if (!root) throw new FriendbotRefusal('the root account is gone');
    // Several requests may wait for the same ledger, one sequence number after another.
    const sequence = chain.waiting.lastNumber(root.accountId) ?? root.seqNum;
    const source = new Account(network.root.publicKey(), sequence.toString());
    const operation = Operation.createAccount({ destination: address, startingBalance: FRIENDBOT_XLM });
    const tx = new TransactionBuilder(source, { fee: '100', networkPassphrase: network.passphrase })
      .addOperation(operation)
      .setTimeout(0)
      .build();
    tx.sign(network.root);
    const signed = chain.read(tx.toEnvelope().toXdr());
    const answer = chain.submit(signed, true);
    if (answer.status === 'ERROR')
      throw new FriendbotRefusal(`the transaction was refused: ${answer.result.result.type}`);
    return signed.hash;
  }

  return {
    async fund(address) {
      if (!StrKey.isValidEd25519PublicKey(address)) throw new FriendbotRefusal('only G... accounts are funded');
      if (readAccount(entries, accountId(address))) {
        // Clients look for this word to tell that the account is there already.
        throw new FriendbotRefusal('createAccountAlreadyExist: the account exists');
      }
      const hash = send(address);
      const record = chain.history.transaction(hash) ?? (await included(chain, hash));
      if (!record.successful) {
        throw new FriendbotRefusal(
          `the transaction failed: ${xdr.TransactionResult.fromXdr(record.result).result.type}`,
        );
      }
      return record;
    },
  };
}

function included(chain: Chain, hash: string): Promise<TransactionRecord> {
  return new Promise((resolve, reject) => {
    const stop = chain.onClosed(() => {
      const record = chain.history.transaction(hash);
      if (!record && chain.waiting.isWaiting(hash)) return;
      stop();
      if (record) resolve(record);
      else reject(new FriendbotRefusal('the transaction was dropped'));
    });
  });
}
