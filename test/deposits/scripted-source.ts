import type { WatcherDeps } from '../../src/deposits/watcher.ts';
import { units } from '../../src/money.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import type { EventsRequest } from '../../src/stellar/rpc.ts';
import type { BrokenEvent, EventsPage, RawEvent } from '../../src/stellar/rpc-answers.ts';
import type { VaultAccount } from '../../src/stellar/vault-views.ts';
import { addressOf } from '../settlement/rig.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import { depositEvent, type EventParts, eventId, rawEvent, vaultAccount } from '../support/vault-event-xdr.ts';

/** An event source by script: it pages, scans windows, forgets old ledgers and breaks as real servers do. */
export class ScriptedSource {
  latestLedger = 100;
  oldestLedger = 1;
  passphraseWrong = false;
  /** Throws this instead of the next answers. */
  failures: Error[] = [];
  /** Ledgers one request looks through. */
  windowLedgers = 10_000;
  events: (RawEvent | BrokenEvent)[] = [];
  transfers: RawEvent[] = [];
  readonly states = new Map<string, VaultAccount>();
  readonly listed = new Set<string>();
  paused = 0;
  /** The server that answers views is so many ledgers behind. */
  viewsBehind = 0;
  requests: EventsRequest[] = [];
  snapshots: string[][] = [];

  /** A deposit at the given ledger, with the counters after it. */
  deposit(account: string, amount: bigint, ledger = this.latestLedger): RawEvent {
    const before = this.states.get(account) ?? vaultAccount();
    const state = { ...before, deposited: units(before.deposited + amount), balance: units(before.balance + amount) };
    this.states.set(account, state);
    return this.add(depositEvent(account, amount, state), ledger);
  }

  add(parts: EventParts, ledger = this.latestLedger): RawEvent {
    const event = rawEvent(vaultAddress, parts, {
      id: eventId(ledger, this.events.length),
      ledger,
      closedAtMs: closedAtMs(ledger),
      txHash: `tx-${this.events.length}`,
    });
    this.events.push(event);
    return event;
  }

  readonly rpc: WatcherDeps['rpc'] = {
    verifyNetwork: async () => {
      if (this.passphraseWrong) throw new RpcError('wrong_network', 'the RPC serves another network');
    },
    health: async () => {
      this.throwNext();
      return { latestLedger: this.latestLedger, oldestLedger: this.oldestLedger };
    },
    latestLedger: async () => ({ ledger: this.latestLedger, closedAtS: closedAtMs(this.latestLedger) / 1000 }),
    events: async (request) => {
      this.throwNext();
      this.requests.push(request);
      return this.page(request);
    },
  };

  readonly vault: WatcherDeps['vault'] = {
    address: vaultAddress,
    info: async (_, since) => ({
      ...this.ofLedger(since),
      admin: addressOf('admin'),
      operator: addressOf('operator'),
      token: vaultAddress,
      treasury: addressOf('treasury'),
      config: {
        feeBps: 0,
        withdrawDelayS: 86_400,
        upgradeDelayS: 172_800,
        defaultLimit: units(0),
        limitPeriodS: 86_400,
        minDeposit: units(1),
        lanes: 32,
      },
      paused: this.paused,
      pendingAdmin: undefined,
      pendingUpgrade: undefined,
      version: 1,
    }),
    isPayee: async (payee, _, since) => {
      this.ofLedger(since);
      return this.listed.has(payee);
    },
    accounts: async (addresses) => {
      this.snapshots.push(addresses);
      const known = addresses.map((address) => [address, this.states.get(address) ?? vaultAccount()] as const);
      return { ledger: this.latestLedger, accounts: new Map(known) };
    },
  };

  /** A view by a server that may be behind; it names its ledger. */
  private ofLedger(since = 0): object {
    const ledger = this.latestLedger - this.viewsBehind;
    if (ledger < since) throw new RpcError('lagging', `the vault was read of ledger ${ledger}`);
    return {};
  }

  private throwNext(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
  }

  private page({ from, limit, contractId, topics }: EventsRequest): EventsPage {
    const source = topics || contractId !== vaultAddress ? this.transfers : this.events;
    const start = 'cursor' in from ? ledgerOf(from.cursor) : from.startLedger;
    if (start < this.oldestLedger || start > this.latestLedger) {
      const range = `${this.oldestLedger} - ${this.latestLedger}`;
      throw new RpcError('refused', `startLedger must be within the ledger range: ${range}`);
    }
    const end = Math.min(
      this.latestLedger + 1,
      start + this.windowLedgers,
      ('endLedger' in from && from.endLedger) || Number.POSITIVE_INFINITY,
    );
    const inWindow = source.filter((event) => {
      const ledger = event.ledger ?? start;
      return ledger >= start && ledger < end && (!('cursor' in from) || (event.id ?? '') > from.cursor);
    });
    const events = inWindow.slice(0, limit);
    const last = events.at(-1)?.id;
    const cursor =
      events.length === limit && last
        ? last
        : `${eventId(end - 1, 0)
            .slice(0, -11)
            .replace(/\d{3}$/, '999')}-4294967295`;
    const { latestLedger, oldestLedger } = this;
    return { events, cursor, latestLedger, oldestLedger, latestClosedAtMs: closedAtMs(latestLedger) };
  }
}

export function closedAtMs(ledger: number): number {
  return 1_800_000_000_000 + ledger * 5_000;
}

function ledgerOf(cursor: string): number {
  return Number(BigInt(cursor.split('-')[0] ?? '0') >> 32n);
}
