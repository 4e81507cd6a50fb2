// A devnet's ledger in this process, without HTTP, and transactions for it that are built and signed beforehand.
import {
  Account,
  Address,
  Asset,
  Contract,
  Keypair,
  nativeToScVal,
  Operation,
  rpc,
  TransactionBuilder,
} from '@stellar/stellar-sdk';
import { fakeClock } from '../../src/clock.ts';
import { createChain } from '../../src/devnet/ledger/chain.ts';
import { readAccount } from '../../src/devnet/ledger/entries.ts';
import { createNetwork } from '../../src/devnet/ledger/network.ts';
import { simulateMethods } from '../../src/devnet/rpc/simulate-method.ts';
import { compileSorobanHost } from '../../src/devnet/soroban-host.ts';
import { createStateFile } from '../../src/devnet/state-file.ts';

const network = createNetwork('a network to be measured', 'bench');
const hostModule = compileSorobanHost();
const native = Asset.native();
const ONE_COIN = 10_000_000n;

export function openNetwork({ statePath } = {}) {
  const journal = statePath && createStateFile(statePath, network);
  const chain = createChain({ network, hostModule, clock: fakeClock(), automine: false, journal });
  return { chain, history: chain.history, close: () => chain.closeLedger() };
}

/** An account with coins, and another; the native coin as a contract. */
export function people({ chain, close }) {
  const [ann, ben] = ['ann', 'ben'].map((name) => Keypair.fromRawEd25519Seed(Buffer.alloc(32, name)));
  for (const who of [ann, ben]) {
    const operation = Operation.createAccount({ destination: who.publicKey(), startingBalance: '1000000' });
    mustWait(chain.submit(chain.read(signed(network.root, sequenceOf(chain, network.root), operation))));
    close();
  }
  const deploy = Operation.createStellarAssetContract({ asset: native });
  mustWait(chain.submit(chain.read(prepared(chain, ann, deploy)(sequenceOf(chain, ann)))));
  close();
  return { ann, ben };
}

export function payment(from, to) {
  const operation = Operation.payment({ destination: to.publicKey(), asset: native, amount: '1' });
  return (sequence) => signed(from, sequence, operation);
}

/** A transfer of the native coin by its contract. */
export function transferCall(from, to) {
  const [sender, receiver] = [from, to].map((who) => new Address(who.publicKey()).toScVal());
  const token = new Contract(native.contractId(network.passphrase));
  return token.call('transfer', sender, receiver, nativeToScVal(ONE_COIN, { type: 'i128' }));
}

/** Simulated once; what is needed does not depend on the sequence number. */
export function prepared(chain, from, operation) {
  const draft = builder(from, sequenceOf(chain, from), operation).build();
  const ready = rpc.assembleTransaction(draft, simulate(chain, draft)).build();
  const data = ready.toEnvelope().v1.tx.ext.sorobanData;
  const [only] = ready.operations.length === 1 ? [ready.toEnvelope().v1.tx.operations[0]] : [];
  return (sequence) => {
    const tx = builder(from, sequence, only, '100').setSorobanData(data).build();
    tx.sign(from);
    return tx.toEnvelope().toXdr();
  };
}

export function unsigned(chain, from, operation) {
  return builder(from, sequenceOf(chain, from), operation).build();
}

export function simulate(chain, tx) {
  return simulateMethods.simulateTransaction({ transaction: tx.toXdr() }, chain);
}

export function sequenceOf(chain, who) {
  return readAccount(chain.entries, who.xdrPublicKey()).seqNum;
}

/** `count` envelopes, each made by `make` for the sequence number before its own. */
export function inRow(make, from, count) {
  return Array.from({ length: count }, (_, index) => make(from + BigInt(index)));
}

export function mustWait(answer) {
  if (answer.status !== 'PENDING')
    throw new Error(
      `a transaction is ${answer.status}: ${JSON.stringify(answer.result ?? '', (_, v) => (typeof v === 'bigint' ? String(v) : v)).slice(0, 300)}`,
    );
}

function signed(from, sequence, operation) {
  const tx = builder(from, sequence, operation).build();
  tx.sign(from);
  return tx.toEnvelope().toXdr();
}

function builder(from, sequence, operation, fee = '100') {
  const account = new Account(from.publicKey(), sequence.toString());
  return new TransactionBuilder(account, { fee, networkPassphrase: network.passphrase })
    .addOperation(operation)
    .setTimebounds(0, 0);
}
