import { Account, type Keypair, Operation, type Transaction, TransactionBuilder, type xdr } from '@stellar/stellar-sdk';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { type Chain, type ChainOptions, createChain } from '../../src/devnet/ledger/chain.ts';
import type { ClosedLedger } from '../../src/devnet/ledger/close.ts';
import { readAccount } from '../../src/devnet/ledger/entries.ts';
import { createNetwork } from '../../src/devnet/ledger/network.ts';
import type { QueueAnswer } from '../../src/devnet/ledger/queue.ts';
import type { TransactionRecord } from '../../src/devnet/ledger/transaction-record.ts';
import { compileSorobanHost } from '../../src/devnet/soroban-host.ts';
import { keypair } from './rig.ts';

/** The ledger itself, without HTTP, on a clock that stands still. */
export type ChainRig = {
  chain: Chain;
  clock: FakeClock;
  passphrase: string;
  /** Each closed ledger since the start. */
  closed: ClosedLedger[];
  build(source: Keypair, operations: xdr.Operation[], options?: BuildOptions): Transaction;
  /** Signs with the source and the others, and submits. */
  submit(source: Keypair, operations: xdr.Operation[], options?: BuildOptions): Submitted;
  submitSigned(tx: { toEnvelope(): xdr.TransactionEnvelope }): Submitted;
  fund(name: string, startingBalance?: string): Keypair;
  account(who: Keypair): xdr.AccountEntry;
};

export type BuildOptions = { fee?: string; sequence?: bigint; signers?: Keypair[]; timeBounds?: [number, number] };
export type Submitted = { answer: QueueAnswer; hash: string; record: TransactionRecord | undefined };

const hostModule = compileSorobanHost();

export function startChain(options: Partial<ChainOptions> = {}): ChainRig {
  const clock = fakeClock();
  const network = options.network ?? createNetwork('a network for tests', 'seed');
  const chain = createChain({ network, hostModule, clock, automine: true, ...options });
  const closed: ClosedLedger[] = [];
  chain.onClosed((ledger) => closed.push(ledger));

  function account(who: Keypair): xdr.AccountEntry {
    const entry = readAccount(chain.entries, who.xdrPublicKey());
    if (!entry) throw new Error(`${who.publicKey()} has no account`);
    return entry;
  }

  function build(source: Keypair, operations: xdr.Operation[], options: BuildOptions = {}): Transaction {
    const sequence = options.sequence ?? account(source).seqNum;
    const builder = new TransactionBuilder(new Account(source.publicKey(), sequence.toString()), {
      fee: options.fee ?? '100',
      networkPassphrase: network.passphrase,
    });
    for (const operation of operations) builder.addOperation(operation);
    const [minTime, maxTime] = options.timeBounds ?? [0, 0];
    const tx = builder.setTimebounds(minTime, maxTime).build();
    tx.sign(...(options.signers ?? [source]));
    return tx;
  }

  function submitSigned(tx: { toEnvelope(): xdr.TransactionEnvelope }): Submitted {
    const signed = chain.read(tx.toEnvelope().toXdr());
    const answer = chain.submit(signed);
    return { answer, hash: signed.hash, record: chain.history.transaction(signed.hash) };
  }

  return {
    chain,
    clock,
    passphrase: network.passphrase,
    closed,
    build,
    submit: (source, operations, options) => submitSigned(build(source, operations, options)),
    submitSigned,
    fund(name, startingBalance = '100') {
      const who = keypair(name);
      const { record } = submitSigned(
        build(network.root, [Operation.createAccount({ destination: who.publicKey(), startingBalance })]),
      );
      if (!record?.successful) throw new Error(`${name} was not funded`);
      return who;
    },
    account,
  };
}
