import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type AccountSlot, createLedger, type Hold, type Ledger } from '../../src/billing/ledger.ts';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal, type Journal } from '../../src/metering/journal.ts';
import { type Units, units, zero } from '../../src/money.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import type { LeafRow } from '../../src/store/leaf-row.ts';
import type { Sealing } from '../../src/store/seal.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createSumsCheck } from '../../src/store/sums-check.ts';
import { dayMs } from '../../src/store/usage-daily.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import { accountState, confirm, noCheckpoints, seal, sealedByDay, tempFolder, usageDaily, vaultEvent } from './rig.ts';

/** The real database and the ledger side by side, with a small vault as the chain, and what can happen to them. */

export const addresses = ['GA', 'GB', 'GC'];
const payees = ['GX', 'GY'];
const tokenCap = 800;
const hashing = { hashLeaf: (row: LeafRow) => hashLeaf(vaultAddress, row), rootOf };

export type Step =
  | { do: 'deposit' | 'request' | 'limit'; who: number; amount: number }
  | { do: 'withdraw' | 'snapshot' | 'exit_lands' | 'exit_expires'; who: number }
  | { do: 'exit'; who: number; amount: number }
  | { do: 'list'; payee: number; listed: boolean }
  | {
      do: 'call';
      who: number;
      payee: number;
      price: number;
      end: 'charge' | 'release' | 'refund' | 'hang';
      token: boolean;
    }
  | { do: 'seal' | 'part' | 'land' | 'settle' | 'unseal' | 'late_refund' }
  | { do: 'write_off' | 'restart' | 'next_period' | 'replay' };

const who = fc.nat({ max: addresses.length - 1 });
const payee = fc.nat({ max: payees.length - 1 });
const amount = fc.integer({ min: 1, max: 500 });
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('deposit' as const, 'deposit' as const, 'request', 'limit'),
      who,
      amount,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('withdraw' as const, 'snapshot' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exit' as const), who, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('exit_lands' as const, 'exit_expires' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('list' as const), payee, listed: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who,
      payee,
      price: fc.nat({ max: 200 }),
      end: fc.constantFrom('charge' as const, 'charge' as const, 'release', 'refund', 'hang'),
      token: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'seal' as const,
        'part',
        'part',
        'late_refund',
        'land',
        'settle',
        'settle',
        'settle',
        'unseal',
        'write_off',
        'restart',
        'next_period',
        'replay',
      ),
    }) as fc.Arbitrary<Step>,
  },
);

type VaultAccount = {
  deposited: number;
  settled: number;
  withdrawn: number;
  requested: number;
  limit: number;
  period: number;
  used: number;
};

/** The contract's arithmetic, from its page in the design. */
class Vault {
  accounts = new Map(
    addresses.map((address): [string, VaultAccount] => [
      address,
      { deposited: 0, settled: 0, withdrawn: 0, requested: 0, limit: 5_000, period: 0, used: 0 },
    ]),
  );
  listed = new Set(payees);
  gross = new Map(payees.map((address) => [address, 0]));
  period = 0;

  of(address: string): VaultAccount {
    const account = this.accounts.get(address);
    if (!account) throw new Error(`no account ${address}`);
    return account;
  }
  balance(address: string): number {
    const { deposited, settled, withdrawn } = this.of(address);
    return deposited - settled - withdrawn;
  }
  settle(lines: { account: string; payee: string; amount: Units }[]): bigint[] {
    return lines.map((line) => {
      if (!this.listed.has(line.payee)) return -1n;
      const account = this.of(line.account);
      const used = account.period === this.period ? account.used : 0;
      const taken = Math.min(Number(line.amount), this.balance(line.account), Math.max(0, account.limit - used));
      account.settled += taken;
      account.period = this.period;
      account.used = used + taken;
      this.gross.set(line.payee, (this.gross.get(line.payee) ?? 0) + taken);
      return BigInt(taken);
    });
  }
}

export class World {
  readonly vault = new Vault();
  readonly file = path.join(tempFolder(), 'callora.db');
  store!: Store;
  ledger!: Ledger;
  journal!: Journal;
  events = 0;
  /** A batch of which some parts are written. */
  sealing: Sealing | undefined;
  /** Charges that may still be refunded. */
  refundable: { id: number; price: number; address: string; token: boolean }[] = [];
  lastBatch: { lane: number; batch: number; root: string; taken: bigint[] } | undefined;

  open(): void {
    const clock = fakeClock();
    const log = silentLog();
    this.store = openStore({ path: this.file, clock, log, startCheckpoints: noCheckpoints });
    const { journalDb: db, sync } = this.store;
    this.journal = createJournal({ db, clock, log, durability: 'process', walSyncIntervalMs: 1_000, sync });
    this.ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => this.vault.period * 100 });
    for (const address of addresses) this.store.accounts.ensure(address);
    for (const row of this.store.accounts.loadAll()) this.ledger.open(row);
    if (!this.store.tokens.get('t')) {
      const accountId = this.store.accounts.ensure('GA');
      const times = { issuedAtMs: 0, expiresAtMs: 1e15 };
      this.store.tokens.add({ jti: 't', accountId, scope: '*', ...times, cap: units(tokenCap), source: 'wallet' });
    }
    for (const token of this.store.tokens.revokedOrCapped(0)) {
      if (token.cap !== undefined) this.ledger.openCap({ jti: token.jti, cap: token.cap, spent: token.spent });
    }
  }

  async close(): Promise<void> {
    this.sealing = undefined;
    await this.journal.close();
    await this.store.close();
  }

  slot(address: string): AccountSlot {
    const slot = this.ledger.account(address);
    if (!slot) throw new Error(`no slot ${address}`);
    return slot;
  }

  /** Tells store and ledger what the vault says about an account, as an event or as a snapshot. */
  tell(index: number, kind: 'event' | 'snapshot'): void {
    const address = addresses[index] ?? '';
    const state = accountState(this.vault.of(address));
    const ledger = ++this.events;
    const page = { name: 'vault', cursor: String(ledger), ledger, closedAtMs: ledger };
    const event = vaultEvent(`e${ledger}`, { ledger, account: { address, state } });
    const applied =
      kind === 'snapshot'
        ? this.snapshot({ address, ledger, state })
        : this.store.deposits.applyPage({ ...page, events: [event, event] }).applied;
    for (const { change } of applied) this.ledger.applyChain(this.slot(address), change);
  }

  snapshot(of: Parameters<Store['deposits']['applySnapshot']>[0]) {
    const applied = this.store.deposits.applySnapshot(of);
    return applied ? [applied] : [];
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'deposit':
        this.vault.of(addresses[next.who] ?? '').deposited += next.amount;
        return this.tell(next.who, 'event');
      case 'request': {
        const address = addresses[next.who] ?? '';
        this.vault.of(address).requested = Math.min(next.amount, this.vault.balance(address));
        return this.tell(next.who, 'event');
      }
      case 'limit':
        this.vault.of(addresses[next.who] ?? '').limit = next.amount * 4;
        return this.tell(next.who, 'event');
      case 'withdraw': {
        const address = addresses[next.who] ?? '';
        const account = this.vault.of(address);
        account.withdrawn += Math.min(account.requested, this.vault.balance(address));
        account.requested = 0;
        return this.tell(next.who, 'event');
      }
      case 'snapshot':
        return this.tell(next.who, 'snapshot');
      case 'exit':
        return this.exit(this.slot(addresses[next.who] ?? ''), units(next.amount));
      case 'exit_lands':
        return this.exitLands(next.who);
      case 'exit_expires':
        return this.exitsExpire();
      case 'list':
        return this.list(payees[next.payee] ?? '', next.listed);
      case 'call':
        return this.call(next);
      case 'next_period':
        this.vault.period++;
        return;
      case 'restart':
        await this.close();
        return this.open();
      case 'settle':
        await this.take({ do: 'seal' });
        return this.land();
      case 'seal':
        while (this.sealing) this.part();
        seal(this.store, { ...this.bounds(), ...hashing });
        return;
      case 'part':
        return this.part();
      case 'late_refund':
        return this.lateRefund();
      case 'unseal':
        await this.take({ do: 'seal' });
        for (const batch of this.store.batches.open()) while (this.store.batches.unsealPart(batch.id, 2) === 'more');
        return;
      case 'land':
        return this.land();
      case 'replay':
        if (this.lastBatch) {
          const { taken, ...batch } = this.lastBatch;
          expect(confirm(this.store, batch, taken).outcome).toBe('replayed');
        }
        return;
      case 'write_off':
        return this.writeOff();
    }
  }

  bounds() {
    return { minTotal: zero, period: this.vault.period, leavesMax: 5, entriesMax: 4 };
  }

  /** Goes on with a batch that is being filed, or begins one. */
  part(): void {
    const rest = { lane: 0, nowMs: 10_000, ageMaxMs: 60_000, unfinishedUpTo: 0, linesMax: 400, partLeavesMax: 2 };
    if (!this.sealing) {
      const proposal = createProposer(this.store.db, hashing)({ ...rest, ...this.bounds() });
      this.sealing = proposal && this.store.batches.seal(proposal, rest.nowMs);
    }
    if (this.sealing?.step() !== 'more') this.sealing = undefined;
  }

  /** An operator gives the newest charge back, if no batch has it. */
  async lateRefund(): Promise<void> {
    const charge = this.refundable.pop();
    if (!charge) return;
    const amount = units(charge.price);
    const outcome = await this.journal.refund({ chargeId: charge.id, atMs: 1, amount, reason: 'operator' });
    const cap = charge.token ? this.ledger.cap('t') : undefined;
    if (outcome === 'refunded') this.ledger.refund(this.slot(charge.address), cap, amount);
  }

  list(address: string, listed: boolean): void {
    if (listed) this.vault.listed.add(address);
    else this.vault.listed.delete(address);
    const ledger = ++this.events;
    const event = vaultEvent(`e${ledger}`, { kind: 'payee', ledger, payee: { address, listed } });
    this.store.deposits.applyPage({ name: 'vault', cursor: 'x', ledger, closedAtMs: 1, events: [event] });
  }

  exit(slot: AccountSlot, amount: Units): void {
    if (this.store.exits.openOf(slot.id) || amount > this.ledger.exitable(slot)) return;
    const life = { madeLedger: this.events, expiresLedger: this.events + 90 };
    this.store.exits.open({ accountId: slot.id, to: 'GT', amount, envelopeXdr: 'AA', createdAtMs: 1, ...life });
    this.ledger.holdExit(slot, amount);
  }

  /** A snapshot may tell of it first; then its event only lifts the hold. */
  exitLands(index: number): void {
    const address = addresses[index] ?? '';
    const open = this.store.exits.openOf(this.slot(address).id);
    if (!open || Number(open.amount) > this.vault.balance(address)) return;
    const account = this.vault.of(address);
    account.withdrawn += Number(open.amount);
    account.requested = Math.min(account.requested, this.vault.balance(address));
    const ledger = ++this.events;
    const state = accountState(account);
    const snapshot = { address, ledger: ledger + (ledger % 2), state };
    if (ledger % 3 === 0) {
      for (const { change } of this.snapshot(snapshot)) this.ledger.applyChain(this.slot(address), change);
    }
    const { to: coSignedTo, amount } = open;
    const event = vaultEvent(`e${ledger}`, { ledger, account: { address, state }, coSignedTo, amount });
    const page = { name: 'vault', cursor: String(ledger), ledger, closedAtMs: ledger };
    const { applied } = this.store.deposits.applyPage({ ...page, events: [event, event] });
    for (const { change } of applied) this.ledger.applyChain(this.slot(address), change);
    expect(this.store.exits.openOf(open.accountId)).toBeUndefined();
    this.events = snapshot.ledger;
  }

  exitsExpire(): void {
    this.events += 90;
    const ended = this.store.exits.expire({ ledger: this.events, closedAtMs: 1, ledgerMs: 0 });
    for (const { account, amount } of ended) this.ledger.releaseExit(this.slot(account), amount);
    expect([...this.ledger.accounts()].every((slot) => slot.exits === zero)).toBe(true);
  }

  async call(next: Extract<Step, { do: 'call' }>): Promise<void> {
    const account = this.slot(addresses[next.who] ?? '');
    const cap = next.token && next.who === 0 ? this.ledger.cap('t') : undefined;
    const result = this.ledger.hold(account, cap, units(next.price));
    if (!result.ok) return;
    if (next.end === 'release') return this.ledger.release(result.hold);
    const id = await this.charge(result.hold, payees[next.payee] ?? '', (next.price % 3) * dayMs + 1_000);
    this.ledger.capture(result.hold);
    if (next.end === 'hang') return;
    if (next.end === 'refund' && next.price > 0) {
      const outcome = await this.journal.refund({ chargeId: id, atMs: 1, amount: units(next.price), reason: 'x' });
      expect(outcome).toBe('refunded');
      this.ledger.refund(account, cap, units(next.price));
    }
    if (next.end === 'charge' && next.price > 0) {
      this.refundable.push({ id, price: next.price, address: account.address, token: cap !== undefined });
    }
    this.journal.finish({ chargeId: id, atMs: 1, outcome: 'completed', bytesIn: 0, bytesOut: 0, durationMs: 1 });
    await this.journal.flush();
  }

  async charge(hold: Hold, payeeAddress: string, atMs: number): Promise<number> {
    const id = this.store.nextCallId();
    await this.journal.charge({
      id,
      atMs,
      accountId: hold.account.id,
      tokenId: hold.cap && this.store.tokens.idOf(hold.cap.jti),
      routeId: this.store.routes.ensure({ api: 'a', payee: payeeAddress, method: 'GET', template: '/a' }),
      method: 'GET',
      status: 200,
      priceUnits: hold.price,
    });
    return id;
  }

  land(): void {
    while (this.sealing) this.part();
    for (const batch of this.store.batches.open()) {
      const taken = this.vault.settle(this.store.batches.lines(batch.id));
      const { lane, root } = batch;
      const hashes = this.store.batches.rows(batch.id).map(hashing.hashLeaf);
      expect(Buffer.from(rootOf(hashes)).toString('hex')).toBe(root);
      expect(hashes).toHaveLength(batch.leaves);
      const result = confirm(this.store, { lane, batch: batch.batch, root }, taken, this.vault.period);
      expect(result.outcome).toBe('applied');
      for (const line of result.lines) this.ledger.settle(this.slot(line.account), line);
      this.lastBatch = { lane, batch: batch.batch, root, taken };
    }
  }

  writeOff(): void {
    const [row] = this.store.receivables.list({ limit: 1 });
    const given = row && this.store.receivables.writeOff(row.id);
    if (given) this.ledger.writeOff(this.slot(given.account), given.kind, given.amount);
  }

  check(): void {
    const fields = Object.keys(this.slot('GA')).filter((field) => !['held', 'holds'].includes(field));
    const pick = (row: object) => Object.fromEntries(Object.entries(row).filter(([field]) => fields.includes(field)));
    expect([...this.ledger.accounts()].map(pick)).toEqual(this.store.accounts.loadAll().map(pick));
    expect(this.ledger.cap('t')?.spent).toBe(this.store.tokens.get('t')?.spent);
    for (const row of this.ledger.accounts()) {
      expect(row.charged - row.refunded).toBe(
        row.settled + row.unsettled + row.receivable + row.heldForPayee + row.writtenOff,
      );
      expect(row.settled).toBe(BigInt(this.vault.of(row.address).settled));
      expect(row.held).toBe(0n);
    }
    expect(usageDaily(this.store)).toEqual(sealedByDay(this.store));
    expect(createSumsCheck(this.store.db)()).toEqual([]);
    for (const batch of this.store.batches.open()) {
      const lines = this.store.batches.lines(batch.id).reduce((sum, line) => sum + line.amount, 0n);
      expect(lines).toBe(batch.total);
      expect(sum(this.store.batches.rows(batch.id))).toBe(lines);
    }
    const open = this.store.receivables.list({ limit: 1_000 });
    const batched = this.store.receivables.list({ state: 'batched', limit: 1_000 });
    for (const slot of this.ledger.accounts()) {
      const own = [...open, ...batched].filter((row) => row.account === slot.address);
      const sum = (kind: string) => own.filter((row) => row.kind === kind).reduce((all, row) => all + row.amount, 0n);
      expect([sum('account'), sum('payee')]).toEqual([slot.receivable, slot.heldForPayee]);
    }
    const gross = new Map(this.store.payouts.earnings().map((row) => [row.payee, Number(row.gross)]));
    for (const [address, earned] of this.vault.gross) expect(gross.get(address) ?? 0).toBe(earned);
  }
}

function sum(rows: LeafRow[]): bigint {
  return rows.reduce((all, row) => all + (row.kind === 'carry' ? row.amount : row.price - row.refund), 0n);
}
