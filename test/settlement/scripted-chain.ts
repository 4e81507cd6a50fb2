import { createHash } from 'node:crypto';
import { type Units, units } from '../../src/money.ts';
import type { SettlerDeps } from '../../src/settlement/settler.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import type { NetworkSettings } from '../../src/stellar/network-settings.ts';
import type { Rpc } from '../../src/stellar/rpc.ts';
import type { RawEvent, SendAnswer, TransactionAnswer } from '../../src/stellar/rpc-answers.ts';
import type { SettleCall } from '../../src/stellar/settle-transaction.ts';
import type { BuiltSettle, Vault } from '../../src/stellar/vault-client.ts';
import { contractEventXdr, eventId, rawEvent, settledEvent, vaultAccount } from '../support/vault-event-xdr.ts';
import { tooMuch } from './results-xdr.ts';

/**
 * A ledger and its RPC server by script: it keeps the vault's rules for `settle` and the network's for sequence numbers and
 * maxTime, and does to answers what real networks do to them.
 */
export type SendFault =
  | 'pending'
  | 'reply_lost'
  | 'request_lost'
  | 'bad_gateway_stored'
  | 'duplicate'
  | 'try_again_stored'
  | 'try_again_lost'
  | 'error_lost'
  | 'error_stored';

type Envelope = { hash: string; call: SettleCall; sequence: bigint; maxTimeS: number };
type Landed = {
  ledger: number;
  closedAtS: number;
  ok: boolean;
  event: ReturnType<typeof settledEvent> | undefined;
  resultXdr?: string | undefined;
};

export const limitPeriodS = 86_400;

export const vaultAddress = 'CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2KM';

export const roomySettings: NetworkSettings = {
  instructionsMax: 400_000_000,
  footprintEntriesMax: 400,
  writeEntriesMax: 200,
  writeBytesMax: 132_096,
  diskReadBytesMax: 200_000,
  transactionBytesMax: 132_096,
  eventBytesMax: 16_384,
  feePer10kInstructions: 7,
  feePerWriteEntry: 2_500,
  feePerWriteKb: 875,
  feePerDiskReadEntry: 1_563,
};

export class ScriptedChain {
  ledger = 1_000;
  closedAtS = 1_800_000_000;
  /** Of the source account of each lane. */
  readonly sequences = new Map<number, bigint>();
  /** Lanes whose channel account does not exist yet. */
  readonly withoutChannel = new Set<number>();
  /** What happens to the next sends, in order; `pending` when the list is empty. */
  faults: SendFault[] = [];
  /** Number of look-ups that get no answer. */
  lookUpsLost = 0;
  /** Envelopes are held back from ledgers while set. */
  congested = false;
  /** The next envelopes that land fail. */
  failNext = 0;
  /** The server shows a ledger this much older. */
  lagLedgers = 0;
  /** Transactions are forgotten, as after the retention window. */
  forgetful = false;
  /** Events are forgotten, and transactions not yet. */
  forgetsEvents = false;
  /** Whether getTransaction shows contract events, as servers of today do. */
  showsEvents = true;
  paused = false;
  /** What the network allows now. */
  settingsNow = roomySettings;
  /** A simulation with more lines runs out of instructions. */
  linesSimulated = Number.POSITIVE_INFINITY;
  /** An envelope with more lines is refused as declaring too much. */
  linesAccepted = Number.POSITIVE_INFINITY;
  /** A transaction with more lines runs out of what it declared. */
  linesApplied = Number.POSITIVE_INFINITY;
  sends: string[] = [];
  builds = 0;
  readonly lanes = new Map<number, { batch: number; root: string; chain: string; ledger: number }>();
  readonly accounts = new Map<string, { deposited: Units; settled: Units; limitLeft: Units; period: number }>();
  readonly unlisted = new Set<string>();
  readonly gross = new Map<string, Units>();
  readonly events: RawEvent[] = [];
  private readonly pool = new Map<string, Envelope>();
  private readonly landed = new Map<string, Landed>();

  fund(account: string, deposited: bigint, limitLeft = 10n ** 15n): void {
    this.accounts.set(account, {
      deposited: units(deposited),
      settled: units(0),
      limitLeft: units(limitLeft),
      period: 0,
    });
  }

  /** Closes ledgers until `seconds` have passed on chain. */
  close(seconds = 5): void {
    for (let left = seconds; left > 0; left -= 5) {
      this.ledger++;
      this.closedAtS += Math.min(5, left);
      if (!this.congested) for (const envelope of [...this.pool.values()]) this.land(envelope);
      for (const envelope of [...this.pool.values()]) {
        if (envelope.maxTimeS < this.closedAtS) this.pool.delete(envelope.hash);
      }
    }
  }

  /** Puts a batch on the lane that no database of ours knows. */
  settleForeign(lane: number, root = 'ff'.repeat(32)): void {
    this.link(lane, (this.lanes.get(lane)?.batch ?? 0) + 1, root);
  }

  private link(lane: number, batch: number, root: string): void {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(batch));
    const before = Buffer.from(this.lanes.get(lane)?.chain ?? '00'.repeat(32), 'hex');
    const chain = createHash('sha256').update(before).update(number).update(Buffer.from(root, 'hex')).digest('hex');
    this.lanes.set(lane, { batch, root, chain, ledger: this.ledger });
  }

  readonly rpc: Pick<Rpc, 'verifyNetwork' | 'transaction' | 'send' | 'events' | 'health'> = {
    health: async () => ({
      latestLedger: this.ledger,
      oldestLedger: this.forgetful || this.forgetsEvents ? this.ledger : 1,
    }),
    verifyNetwork: async () => undefined,
    transaction: async (hash) => this.lookUp(hash),
    send: async (text) => this.receive(text),
    events: async ({ from }) => {
      const start = 'startLedger' in from ? from.startLedger : 0;
      const end = 'startLedger' in from ? (from.endLedger ?? Number.POSITIVE_INFINITY) : 0;
      if (this.forgetful || this.forgetsEvents)
        throw new RpcError('refused', 'startLedger must be within the ledger range: 5000 - 6000');
      const events = this.events.filter((event) => event.ledger >= start && event.ledger < end);
      const latestClosedAtMs = this.closedAtS * 1000;
      return { events, cursor: eventId(this.ledger, 0), latestLedger: this.ledger, oldestLedger: 1, latestClosedAtMs };
    },
  };

  readonly vault: SettlerDeps['vault'] & Pick<Vault, 'usedLanes' | 'liabilities'> = {
    liabilities: async () => units([...this.accounts.values()].reduce((sum, { deposited }) => sum + deposited, 0n)),
    usedLanes: async () => [...this.lanes.keys()],
    address: vaultAddress,
    settings: async () => this.settingsNow,
    buildSettle: async (call) => this.build(call),
    lastBatch: async (lane) => {
      const view = this.lanes.get(lane) ?? { batch: 0, root: '0'.repeat(64), chain: '0'.repeat(64), ledger: 0 };
      return { ...view, seenLedger: this.ledger - this.lagLedgers };
    },
    isPayee: async (payee) => !this.unlisted.has(payee),
    earnings: async (payee) => ({ gross: this.gross.get(payee) ?? units(0), netPaid: units(0), feePaid: units(0) }),
    accounts: async (addresses) => ({
      ledger: this.ledger,
      accounts: new Map(
        addresses.map((address) => {
          const none = { deposited: units(0), settled: units(0), period: 0 };
          const { deposited, settled, period } = this.accounts.get(address) ?? none;
          return [address, vaultAccount({ deposited, settled, period })];
        }),
      ),
    }),
  };

  private sequenceOf(lane: number): bigint {
    return this.sequences.get(lane) ?? 7n;
  }

  private build(call: SettleCall): BuiltSettle {
    this.builds++;
    const last = this.lanes.get(call.lane)?.batch ?? 0;
    if (this.paused) return { ok: false, reason: 'settle_paused', detail: 'Error(Contract, #400)' };
    if (call.lines.length > this.linesSimulated) {
      return { ok: false, reason: undefined, detail: 'HostError: Error(Budget, ExceededLimit)\n\nEvent log' };
    }
    if (call.batch !== last + 1) return { ok: false, reason: 'wrong_batch', detail: 'Error(Contract, #402)' };
    if (this.withoutChannel.has(call.lane)) return { ok: false, reason: 'no_source', detail: 'no such account' };
    const sequence = this.sequenceOf(call.lane) + 1n;
    const maxTimeS = this.closedAtS + 90;
    const lines = call.lines.map(({ payee, account, amount }) => [payee, account, String(amount)]);
    const envelopeXdr = JSON.stringify([call.lane, call.batch, call.root, lines, String(sequence), maxTimeS]);
    const hash = createHash('sha256').update(envelopeXdr).digest('hex');
    return { ok: true, transaction: { hash, envelopeXdr, sequence, maxTimeS }, bytes: envelopeXdr.length };
  }

  private receive(text: string): SendAnswer {
    const envelope = parseEnvelope(text);
    this.sends.push(envelope.hash);
    const ofBatch = { hash: envelope.hash, latestLedger: this.ledger };
    if (envelope.call.lines.length > this.linesAccepted) {
      return { ...ofBatch, status: 'ERROR', errorResultXdr: tooMuch.declared };
    }
    const fault = this.faults.shift() ?? 'pending';
    const stored = !['request_lost', 'try_again_lost', 'error_lost'].includes(fault);
    const known = this.pool.has(envelope.hash) || this.landed.has(envelope.hash);
    if (stored && !known) this.pool.set(envelope.hash, envelope);
    if (fault === 'reply_lost' || fault === 'request_lost') throw new RpcError('transport', 'socket hang up');
    if (fault === 'bad_gateway_stored') throw new RpcError('transport', 'HTTP 502 without JSON');
    const answer = { ...ofBatch, errorResultXdr: undefined };
    if (fault === 'try_again_stored' || fault === 'try_again_lost') return { ...answer, status: 'TRY_AGAIN_LATER' };
    if (fault === 'error_lost' || fault === 'error_stored') return { ...answer, status: 'ERROR' };
    // A resend of what has landed is answered by a bad sequence number.
    if (this.landed.has(envelope.hash)) return { ...answer, status: 'ERROR' };
    return { ...answer, status: known || fault === 'duplicate' ? 'DUPLICATE' : 'PENDING' };
  }

  private lookUp(hash: string): TransactionAnswer {
    if (this.lookUpsLost > 0) {
      this.lookUpsLost--;
      throw new RpcError('transport', 'ETIMEDOUT');
    }
    const latestLedger = this.ledger - this.lagLedgers;
    const base = { latestLedger, oldestLedger: 1, latestClosedAtS: this.closedAtS - 5 * this.lagLedgers };
    const found = this.landed.get(hash);
    if (!found || this.forgetful || found.ledger > latestLedger) return { ...base, status: 'NOT_FOUND' };
    const { ledger, closedAtS, ok, event, resultXdr } = found;
    const contractEventsXdr = this.showsEvents && event ? [[contractEventXdr(vaultAddress, event)]] : undefined;
    const status = ok ? 'SUCCESS' : 'FAILED';
    return { ...base, status, ledger, closedAtS, resultXdr, contractEventsXdr };
  }

  private land(envelope: Envelope): void {
    const { call } = envelope;
    const sequence = this.sequenceOf(call.lane);
    if (envelope.maxTimeS < this.closedAtS || envelope.sequence !== sequence + 1n) return;
    this.pool.delete(envelope.hash);
    this.sequences.set(call.lane, sequence + 1n);
    const fits = call.lines.length <= this.linesApplied;
    const right = (this.lanes.get(call.lane)?.batch ?? 0) + 1 === call.batch;
    const ok = right && fits && this.failNext === 0;
    if (this.failNext > 0) this.failNext--;
    const place = { ledger: this.ledger, closedAtS: this.closedAtS };
    if (!ok) {
      const resultXdr = fits ? undefined : tooMuch.used;
      this.landed.set(envelope.hash, { ...place, ok, event: undefined, resultXdr });
      return;
    }
    const taken = call.lines.map((line) => this.take(line.payee, line.account, line.amount));
    this.link(call.lane, call.batch, call.root);
    const event = settledEvent({ lane: call.lane, batch: call.batch, root: call.root, taken });
    this.landed.set(envelope.hash, { ...place, ok, event });
    const at = { id: eventId(this.ledger, this.events.length), ledger: this.ledger, txHash: envelope.hash };
    this.events.push(rawEvent(vaultAddress, event, { ...at, closedAtMs: this.closedAtS * 1000 }));
  }

  private take(payee: string, account: string, amount: bigint): bigint {
    if (this.unlisted.has(payee)) return -1n;
    const entry = this.accounts.get(account);
    if (!entry) return 0n;
    const balance = entry.deposited - entry.settled;
    const taken = [amount, balance, entry.limitLeft].reduce((a, b) => (a < b ? a : b));
    entry.settled = units(entry.settled + taken);
    entry.limitLeft = units(entry.limitLeft - taken);
    if (taken > 0n) entry.period = Math.floor(this.closedAtS / limitPeriodS);
    this.gross.set(payee, units((this.gross.get(payee) ?? 0n) + taken));
    return taken;
  }
}

function parseEnvelope(text: string): Envelope {
  const [lane, batch, root, lines, sequence, maxTimeS]: [
    number,
    number,
    string,
    [string, string, string][],
    string,
    number,
  ] = JSON.parse(text);
  return {
    hash: createHash('sha256').update(text).digest('hex'),
    call: {
      lane,
      batch,
      root,
      lines: lines.map(([payee, account, amount]) => ({ payee, account, amount: units(BigInt(amount)) })),
    },
    sequence: BigInt(sequence),
    maxTimeS,
  };
}
