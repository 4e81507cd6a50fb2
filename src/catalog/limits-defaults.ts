/**
 * Every bound of the gateway with its default, the range an operator may choose from, and the reason.
 * The schema takes defaults and ranges from here, so a limit is changed in one place.
 */
export type LimitDefault = {
  /** Key in the YAML, where the unit is part of the value (`10s`, `16KiB`) or a plain count. */
  key: string;
  default: number;
  min: number;
  max: number;
  unit: 'bytes' | 'ms' | 'count';
  reason: string;
};

const kib = 1_024;
const mib = 1_024 * kib;
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Node's timers hold 31 bits of ms: a longer delay would fire at once. */
const timerMaxMs = 24 * day;

function bytes(key: string, value: number, min: number, max: number, reason: string): LimitDefault {
  return { key, default: value, min, max, unit: 'bytes', reason };
}

function time(key: string, value: number, min: number, max: number, reason: string): LimitDefault {
  return { key, default: value, min, max, unit: 'ms', reason };
}

function count(key: string, value: number, min: number, max: number, reason: string): LimitDefault {
  return { key, default: value, min, max, unit: 'count', reason };
}

/** The listener (`gateway.limits`). */
export const gatewayLimits = {
  headBytesMax: bytes('head_bytes_max', 16 * kib, kib, mib, 'a head is kept and read before anyone is known to pay'),
  headFieldsMax: count('head_fields_max', 100, 10, 1_000, 'each field costs memory and time on the event loop'),
  targetBytesMax: bytes('target_bytes_max', 8 * kib, 256, 64 * kib, 'the path is scanned byte by byte on every call'),
  tokenBytesMax: bytes('token_bytes_max', 8 * kib, 512, 16 * kib, 'a token of ours has about 500 bytes'),
  bodyBytesMax: bytes('body_bytes_max', 10 * mib, 0, 1_024 * mib * 1_024, 'bodies are streamed; this bounds bandwidth'),
  headTimeoutMs: time('head_timeout', 10 * second, second, 5 * minute, 'a slow head holds a connection for nothing'),
  tlsHandshakeTimeoutMs: time(
    'tls_handshake_timeout',
    10 * second,
    second,
    minute,
    'a handshake that stops holds a connection',
  ),
  bodyIdleTimeoutMs: time('body_idle_timeout', 15 * second, second, hour, 'a body that stops holds a paid call open'),
  requestsPerConnectionMax: count(
    'requests_per_connection_max',
    1_000,
    1,
    1_000_000,
    'long connections pin clients to one process and hide leaks',
  ),
  connectionsPerAddressMax: count('connections_per_address_max', 100, 1, 100_000, 'one address must not take all'),
  connectionsMax: count('connections_max', 2_000, 1, 100_000, 'below the usual limit of open files'),
  callsPerAccountMax: count('calls_per_account_max', 64, 1, 10_000, 'bounds the holds one balance can be tied up in'),
  verificationsMax: count(
    'verifications_max',
    128,
    1,
    10_000,
    'signature checks share four threads with the disk; a flood of bad tokens waits here, not in front of payers',
  ),
  drainTimeoutMs: time('drain_timeout', 10 * second, 0, hour, 'container runtimes kill after 10 s to 30 s'),
  websocketFrameBytesMax: bytes(
    'websocket_frame_bytes_max',
    mib,
    125,
    1_024 * mib,
    'many WebSocket libraries hold a whole frame in memory',
  ),
  websocketMessageBytesMax: bytes(
    'websocket_message_bytes_max',
    10 * mib,
    125,
    1_024 * mib * 1_024,
    'all fragments of a message together: one that never ends would be a stream at the price of a message',
  ),
  websocketIdleTimeoutMs: time(
    'websocket_idle_timeout',
    5 * minute,
    second,
    day,
    'a silent connection may have lost its other end; a ping keeps it open',
  ),
  websocketCheckIntervalMs: time(
    'websocket_check_interval',
    minute,
    second,
    hour,
    'how long an open connection outlives its token, its balance or a pause of its API',
  ),
} satisfies Record<string, LimitDefault>;

/** What is kept for Idempotency-Key (`gateway.idempotency`). */
export const idempotencyLimits = {
  lifeMs: time('life', 24 * hour, minute, 30 * day, 'clients try again for minutes; the rest is for people'),
  bodyBytesMax: bytes('body_bytes_max', mib, 0, 16 * mib, 'such a body is held whole before its call is sent'),
  answerBytesMax: bytes('answer_bytes_max', mib, 0, 16 * mib, 'written to the database in one piece'),
  readOnTimeoutMs: time(
    'read_on_timeout',
    minute,
    second,
    hour,
    'an answer whose client has left holds an upstream connection',
  ),
  bufferedBytesMax: bytes(
    'buffered_bytes_max',
    64 * mib,
    mib,
    4_096 * mib,
    'those bodies and answers, in memory at once',
  ),
  keysPerAccountMax: count('keys_per_account_max', 10_000, 1, 10_000_000, 'one account must not take all'),
  keysMax: count('keys_max', 1_000_000, 1, 100_000_000, 'about 200 bytes on disk each; none is given up early'),
  storedBytesPerAccountMax: bytes(
    'stored_bytes_per_account_max',
    64 * mib,
    0,
    1_024 * 1_024 * mib,
    'as above, for answers',
  ),
  storedBytesMax: bytes('stored_bytes_max', 1_024 * mib, 0, 1_024 * 1_024 * mib, 'what a small disk can spare'),
  unpaidPercentMax: count(
    'unpaid_percent_max',
    50,
    0,
    90,
    'answers that cost nothing can be had without end; the rest of each bound is left to calls that pay',
  ),
} satisfies Record<string, LimitDefault>;

/** One upstream (`apis[]`). */
export const apiLimits = {
  connectionsMax: count('connections_max', 128, 1, 10_000, 'what a small upstream takes; more wait in line'),
  waitingMax: count('waiting_max', 1_000, 0, 100_000, 'calls that wait for a connection hold money and memory'),
  connectTimeoutMs: time('connect_timeout', 3 * second, 100, minute, 'an upstream is near; longer means it is down'),
  timeoutMs: time('timeout', 30 * second, 100, hour, 'time to the first byte; the money is on hold meanwhile'),
  burst: count('burst', 1, 1, 1_000_000, 'calls at once before `per_second` binds; one second of it when left out'),
  corsMaxAgeMs: time('max_age', 2 * hour, 0, day, 'browsers keep a preflight for two hours at most'),
  idleTimeoutMs: time('idle_timeout', 60 * second, second, day, 'pause between two pieces of an answer'),
  totalTimeoutMs: time(
    'total_timeout',
    hour,
    second,
    timerMaxMs,
    'none when left out: a stream may last while it moves',
  ),
  answerHeadBytesMax: bytes('answer_head_bytes_max', 32 * kib, kib, mib, 'a head is held in memory until it is whole'),
  breakerFailures: count('failures', 10, 1, 10_000, 'in a row; fewer would have an upstream asked for a few odd calls'),
  breakerOpenMs: time('open_for', 5 * second, 100, 10 * minute, 'about what a restart takes'),
  healthIntervalMs: time('interval', 10 * second, 100, hour, 'a probe is a connection and a request'),
  healthTimeoutMs: time('timeout', 2 * second, 100, minute, 'a health page that takes longer is no sign of health'),
  healthySuccesses: count('healthy', 2, 1, 100, 'one good answer may be luck'),
  unhealthyFailures: count('unhealthy', 3, 1, 100, 'one bad answer may be bad luck'),
} satisfies Record<string, LimitDefault>;

/** Everything else that has a bound. */
export const otherLimits = {
  tokenTtlMs: time('ttl', 24 * hour, minute, 3_650 * day, 'a lost token is worth at most a day'),
  tokenTtlMaxMs: time('ttl_max', 90 * day, minute, 3_650 * day, 'the longest life an operator may give a token'),
  walSyncIntervalMs: time('wal_sync_interval', 100, 10, minute, 'what a power loss may cost with `process`'),
  pollIntervalMs: time('poll_interval', 2 * second, 200, 10 * minute, 'a ledger closes about every 5 s'),
  settlementIntervalMs: time('interval', 60 * second, second, day, 'a batch costs fees, so it is worth collecting'),
  payoutIntervalMs: time('payout_interval', hour, second, timerMaxMs, 'a claim costs fees too'),
  ageMaxMs: time('age_max', hour, second, timerMaxMs, 'must fit the vault: see `callora check`'),
  lanes: count('lanes', 1, 1, 32, 'each has one batch in flight: about 97 accounts a ledger'),
  batchEntries: count('batch_entries', 100, 2, 100, 'accounts + payees; half of what one transaction may write'),
  feeMaxStroops: count('fee_max_stroops', 200_000, 100, 100_000_000, 'bids 0.02 XLM for inclusion at the most'),
} satisfies Record<string, LimitDefault>;

/** Bounds of what the catalog itself reads; not configurable. */
export const catalogLimits = {
  /** A catalog of 10,000 routes has about 600 KiB. */
  fileBytesMax: 4 * mib,
  /** A secret is a line. */
  secretBytesMax: 64 * kib,
  /** A list of every public CA has about 250 KiB. */
  pemBytesMax: mib,
  /** Below this an admin token could be guessed. */
  adminTokenCharsMin: 16,
  /** The same for what signs webhooks. */
  webhookSecretCharsMin: 16,
} as const;
