import { Keypair, SorobanDataBuilder, scValToNative, TransactionBuilder, xdr } from '@stellar/stellar-sdk/base';
import type { Clock } from '../../src/clock.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import type { Rpc } from '../../src/stellar/rpc.ts';
import type { SendAnswer, TransactionAnswer } from '../../src/stellar/rpc-answers.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';

/**
 * A network with a vault by script: it keeps the rules of `deposit_once`, sequence numbers and maxTime, and reads the real
 * envelopes of the real submitter. Waiting closes ledgers, so a test needs no time.
 */
export type SendFault = 'reply_lost' | 'request_lost' | 'error_lost' | 'try_again_lost';

type Envelope = {
  hash: string;
  sequence: bigint;
  maxTimeS: number;
  from: string;
  account: string;
  amount: bigint;
  id: bigint;
};

export const passphrase = 'Scripted network';

export class ScriptedVault {
  ledger = 1_000;
  closedAtS = 1_800_000_000;
  sequence = 7n;
  /** What happens to the next sends, in order. */
  faults: SendFault[] = [];
  lookUpsLost = 0;
  /** Envelopes are held back from ledgers while set. */
  congested = false;
  /** The next envelopes that land fail. */
  failNext = 0;
  paused = false;
  /** What lies above it is refused before it is sent. */
  amountMax = 10n ** 15n;
  /** What the deposit account holds. */
  balance = 10n ** 15n;
  /** Ledger of Horizon in which that last changed; without it, the one of its newest record. */
  balanceSince: number | undefined;
  /** What the vault took, by operation id. */
  readonly taken = new Map<bigint, { account: string; amount: bigint }>();
  readonly sends: string[] = [];
  /** Two envelopes of one operation that could both have landed. */
  twins = 0;
  builds = 0;
  private readonly pool = new Map<string, Envelope>();
  private readonly landed = new Map<string, { ledger: number; closedAtS: number; ok: boolean }>();
  private readonly seen = new Map<string, Envelope>();
  private elapsedMs = 0;

  readonly clock: Clock = {
    nowMs: () => this.closedAtS * 1000,
    monotonicMs: () => this.elapsedMs,
    sleep: async () => this.close(),
  };

  close(seconds = 5): void {
    for (let left = seconds; left > 0; left -= 5) {
      this.ledger++;
      this.closedAtS += 5;
      this.elapsedMs += 5_000;
      for (const envelope of [...this.pool.values()]) {
        if (!this.congested) this.land(envelope);
        if (envelope.maxTimeS < this.closedAtS) this.pool.delete(envelope.hash);
      }
    }
  }

  readonly vault = {
    address: vaultAddress,
    forwarded: async (_from: string, id: bigint) => this.taken.has(id),
  };

  readonly rpc: Rpc = {
    passphrase,
    verifyNetwork: async () => undefined,
    health: async () => ({ latestLedger: this.ledger, oldestLedger: 1 }),
    latestLedger: async () => ({ ledger: this.ledger, closedAtS: this.closedAtS }),
    events: () => Promise.reject(new Error('not asked')),
    inclusionFeeStroops: async () => 100,
    entries: async ([keyXdr = '']) => ({
      latestLedger: this.ledger,
      entries: [{ keyXdr, dataXdr: accountXdr(this.sequence), liveUntilLedger: undefined }],
    }),
    simulate: async (envelopeXdr) => {
      this.builds++;
      const { id, amount } = readEnvelope(envelopeXdr);
      if (this.paused) return { ok: false, error: 'Error(Contract, #200)', latestLedger: this.ledger };
      if (this.taken.has(id)) return { ok: false, error: 'Error(Contract, #202)', latestLedger: this.ledger };
      if (amount > this.balance || amount > this.amountMax)
        return { ok: false, error: 'Error(Contract, #10)', latestLedger: this.ledger };
      return {
        ok: true,
        latestLedger: this.ledger,
        transactionDataXdr: new SorobanDataBuilder().build().toXdr('base64'),
        minResourceFee: 1n,
        authXdr: [],
        returnXdr: undefined,
        restoreXdr: undefined,
      } as Awaited<ReturnType<Rpc['simulate']>>;
    },
    send: async (text) => this.receive(text),
    transaction: async (hash) => this.lookUp(hash),
  };

  private receive(text: string): SendAnswer {
    const envelope = readEnvelope(text);
    const { hash, id } = envelope;
    this.sends.push(hash);
    for (const other of this.seen.values()) {
      const mayLand = other.maxTimeS >= this.closedAtS && !this.landed.has(other.hash);
      if (other.id === id && other.hash !== hash && mayLand) this.twins++;
    }
    this.seen.set(hash, envelope);
    const fault = this.faults.shift();
    const known = this.pool.has(hash) || this.landed.has(hash);
    if (!known && (fault === undefined || fault === 'reply_lost')) this.pool.set(hash, envelope);
    if (fault === 'reply_lost' || fault === 'request_lost') throw new RpcError('transport', 'socket hang up');
    const answer = { hash, latestLedger: this.ledger, errorResultXdr: undefined };
    if (fault === 'try_again_lost') return { ...answer, status: 'TRY_AGAIN_LATER' };
    if (fault === 'error_lost' || this.landed.has(hash)) return { ...answer, status: 'ERROR' };
    return { ...answer, status: known ? 'DUPLICATE' : 'PENDING' };
  }

  private lookUp(hash: string): TransactionAnswer {
    if (this.lookUpsLost > 0) {
      this.lookUpsLost--;
      throw new RpcError('transport', 'ETIMEDOUT');
    }
    const base = { latestLedger: this.ledger, oldestLedger: 1, latestClosedAtS: this.closedAtS };
    const found = this.landed.get(hash);
    if (!found) return { ...base, status: 'NOT_FOUND' };
    const { ledger, closedAtS, ok } = found;
    const told = { ledger, closedAtS, resultXdr: undefined, contractEventsXdr: undefined };
    return { ...base, status: ok ? 'SUCCESS' : 'FAILED', ...told };
  }

  private land({ hash, sequence, maxTimeS, id, account, amount }: Envelope): void {
    if (maxTimeS < this.closedAtS || sequence !== this.sequence + 1n) return;
    this.pool.delete(hash);
    this.sequence++;
    const ok = !this.taken.has(id) && this.failNext === 0 && !this.paused && amount <= this.balance;
    if (this.failNext > 0) this.failNext--;
    if (ok) {
      this.taken.set(id, { account, amount });
      this.balance -= amount;
    }
    this.landed.set(hash, { ledger: this.ledger, closedAtS: this.closedAtS, ok });
  }
}

function readEnvelope(text: string): Envelope {
  const transaction = TransactionBuilder.fromXdr(text, passphrase);
  if (!('sequence' in transaction)) throw new Error('a fee bump was not expected');
  const [operation] = transaction.operations;
  if (operation?.type !== 'invokeHostFunction' || operation.func.type !== 'hostFunctionTypeInvokeContract') {
    throw new Error('only a contract call was expected');
  }
  const { functionName, args } = operation.func.invokeContract;
  if (functionName.toString() !== 'deposit_once') throw new Error(`${functionName} was not expected`);
  const [from, account, amount, id]: [string, string, bigint, bigint] = args.map(scValToNative) as never;
  return {
    hash: Buffer.from(transaction.hash()).toString('hex'),
    sequence: BigInt(transaction.sequence),
    maxTimeS: Number(transaction.timeBounds?.maxTime),
    from,
    account,
    amount,
    id,
  };
}

function accountXdr(sequence: bigint): string {
  return xdr.LedgerEntryData.account(
    new xdr.AccountEntry({
      accountId: Keypair.fromRawEd25519Seed(new Uint8Array(32)).xdrAccountId(),
      balance: 1n,
      seqNum: sequence,
      numSubEntries: 0,
      inflationDest: null,
      flags: 0,
      homeDomain: '',
      thresholds: new Uint8Array([1, 0, 0, 0]),
      signers: [],
      ext: xdr.AccountEntryExt.v0(),
    }),
  ).toXdr('base64');
}
