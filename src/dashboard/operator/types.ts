/** The operator API's JSON, as far as this page reads it. Amounts are decimal text and stay text. */
export type Page<Item> = { items: Item[]; next: string | null };

export type LightState = 'good' | 'warn' | 'bad' | 'unknown';
export type Light = { name: string; state: LightState; text: string };

export type Batch = {
  lane: number;
  batch: number;
  root: string;
  state: 'sealed' | 'submitted' | 'confirmed';
  total: string;
  leaves: number;
  sealed_at: string;
  confirmed_at: string | null;
  ledger: number | null;
  tx_hash: string | null;
};

export type BatchDetail = Batch & {
  lines: { position: number; payee: string; account: string; amount: string; taken: string | null }[];
};

export type Live = {
  now: string;
  version: string;
  network: string;
  vault: string;
  public_url: string;
  explorer_url: string | null;
  ready: boolean;
  reasons: string[];
  lights: Light[];
  seconds: {
    from: string;
    calls: number[];
    refused: number[];
    revenue: string[];
    p50_ms: (number | null)[];
    p99_ms: (number | null)[];
  };
  window: {
    calls: number;
    refused: { code: string; count: number }[];
    revenue: string;
    p50_ms: number | null;
    p99_ms: number | null;
  };
  figures: {
    connections: number;
    reservations: number;
    accounts: number;
    watcher_lag_ledgers: number | null;
    unsettled: string;
    receivable: string;
    held: string;
  };
  pipeline: { open: { calls: number; amount: string }; in_flight: Batch[]; confirmed: Batch[] };
};

export type Account = {
  address: string;
  deposited: string;
  charged: string;
  refunded: string;
  settled: string;
  unsettled: string;
  receivable: string;
  withdrawn: string;
  requested: string;
  held: string;
  spendable: string;
  held_for_payee: string;
  written_off: string;
  limit: string;
};

export type Call = {
  call: string;
  time: string;
  api: string;
  method: string;
  route: string;
  status: number;
  price: string;
  refunded: string;
  outcome: string | null;
  batch: { lane: number; batch: number; state: string } | null;
};

export type Token = {
  jti: string;
  account: string;
  scope: string;
  source: string;
  label: string;
  issued_at: string;
  expires_at: string;
  cap: string | null;
  spent: string;
  revoked_at: string | null;
};

export type Settlement = { earnings: { payee: string; lane: number; gross: string }[] };

export type SettleNow = { complete: boolean; waiting_for: string | null; batches: Batch[] };

export type Reconcile = {
  ok: boolean;
  units_off: string;
  checks: { name: string; ok: boolean; subject: string; books: string; chain: string; detail: string }[];
};

export type UsageSum = {
  day?: string;
  account?: string;
  api?: string;
  method?: string;
  route?: string;
  calls: number;
  gross: string;
  refunded: string;
  net: string;
};

export type Usage = {
  from: string;
  to: string;
  items: UsageSum[];
  total: { calls: number; gross: string; refunded: string; net: string };
};

export type Statement = {
  payee: string;
  from: string;
  to: string;
  fee_bps: number;
  balance: { opening: string; settled: string; fee: string; claimed: string; closing: string };
  net: string;
  payments: { kind: string; lane: number; to: string; time: string; tx_hash: string; amount: string }[];
  open: {
    unsealed: string;
    in_batches: string;
    receivable: string;
    held: string;
    written_off: string;
    owed_by_vault: string;
  };
  by_route: UsageSum[];
  by_day: UsageSum[];
  notes: string[];
};

export type Payout = {
  id: string;
  time: string;
  payee: string;
  lane: number;
  amount: string;
  state: 'sent' | 'paid' | 'failed';
  tx_hash: string | null;
};

export type Claims = {
  results: {
    payee: string;
    lane: number;
    kind: 'claim' | 'fee';
    amount: string;
    outcome: 'paid' | 'failed' | 'busy';
    detail: string;
  }[];
};

export type SoldApi = {
  name: string;
  in_catalog: boolean;
  mount: string | null;
  upstream: string | null;
  upstreams_down: { url: string; reason: string }[];
  payee: string | null;
  routes: number;
  paused_at: string | null;
  pause_reason: string | null;
  prices: { method: string; path: string; price: string; per: string; auth: string }[];
};

export type Exit = {
  id: string;
  account: string;
  to: string;
  amount: string;
  state: string;
  created_at: string;
  expires_ledger: number;
  ended_at: string | null;
  tx_hash: string | null;
};

export type Unattributed = {
  id: string;
  kind: string;
  ledger: number | null;
  closed_at: string;
  tx_hash: string | null;
  amount: string | null;
  left: string | null;
  note: string | null;
};

export type Delivery = {
  delivery: string;
  event: string;
  kind: string;
  time: string;
  endpoint: string;
  state: string;
  attempts: number;
  next_at: string | null;
  last_status: number | null;
  last_error: string | null;
};

export type ClassicDeposit = {
  operation: string;
  state: string;
  amount: string;
  from: string;
  account: string | null;
  closed_at: string;
  tx_hash: string;
  forward_tx_hash: string | null;
  note: string | null;
};

export type AuditRow = { id: string; time: string; actor: string; action: string; subject: string; detail: string };

export type System = {
  ready: boolean;
  reasons: string[];
  loops: {
    name: string;
    running: boolean;
    turns: number;
    failures_in_row: number;
    last_progress_at: string | null;
    last_error: string | null;
  }[];
  journal: { ok: boolean; pending: number; wal_bytes: number; last_error: string | null };
};
