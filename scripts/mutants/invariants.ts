/** One promise, in words for people. */
export type Invariant = {
  id: string;
  promise: string;
  /** Tests beside the named ones that play the whole promise; file names, without a mutant. */
  wider?: readonly string[];
  /** What no test here shows. */
  notShown?: string;
};

const lives = 'test/long/lives.test.ts';
const deaths = 'test/long/deaths.test.ts';
const shortLives = 'test/long/short-lives.test.ts';
const faults = 'test/long/faults.test.ts';
const month = 'test/long/month.test.ts';
const crashes = 'test/long/crash-loop.test.ts';
const losses = 'test/long/loss-under-load.test.ts';
const killLoop = 'test/long/kill-loop.test.ts';
const simulation = 'test/long/settlement-simulation.test.ts';
const chaos = 'test/long/chaos.test.ts';
const devnetMoney = 'test/long/money-on-devnet.test.ts';

export const invariants: readonly Invariant[] = [
  {
    id: 'M1',
    promise: 'A balance is what was paid in, less what was charged, taken out and set aside, and never below nothing.',
    wider: [lives, devnetMoney],
  },
  { id: 'M2', promise: 'Memory and database say the same, also after a restart.', wider: [lives, deaths, crashes] },
  { id: 'M3', promise: 'No row about money is changed or deleted.' },
  { id: 'M4', promise: 'An answer that reached a client is charged, durably.', wider: [killLoop, crashes] },
  {
    id: 'M5',
    promise: 'What is charged was forwarded. Calls cut off by a crash are listed, and can be refunded.',
    wider: [killLoop, crashes],
  },
  { id: 'M6', promise: 'Faults of the upstream and of the gateway cost nothing.', wider: [chaos] },
  {
    id: 'M7',
    promise: 'A client that leaves before the head of the answer pays nothing; one that leaves behind it has paid.',
  },
  { id: 'M8', promise: 'Calls at once never spend more than is there, of the account and of the token.' },
  { id: 'M9', promise: 'Money on hold for a call is charged or let go, once.' },
  {
    id: 'M10',
    promise: 'Prices and amounts are exact integers; what cannot be held exactly is refused.',
    notShown:
      'An amount that no row can hold is refused twice, by an assertion and by a CHECK of the table: each alone is enough, so no test fails when one of them is missing. That a price stays what it was for a started call follows from what a call holds on to; a test shows it, and no single line could be taken away.',
  },
  { id: 'M11', promise: 'One gateway has the database; a second one refuses to start.' },
  { id: 'S1', promise: 'A kill at any moment loses no charge that was acknowledged.', wider: [killLoop, crashes] },
  {
    id: 'S2',
    promise: 'A disk that is full or fails means 503, never a free answer.',
    notShown: 'Failing writes are made up in the tests. No disk was pulled and no power was cut.',
  },
  {
    id: 'S3',
    promise: 'A lock held by another program delays a charge by half a second at most, and never the event loop.',
  },
  { id: 'S4', promise: 'A damaged database is refused, said so and left as it is.' },
  {
    id: 'S5',
    promise: 'An answer waits for the commit of its charge, and at level `disk` for the disk.',
    notShown: 'That the disk keeps what it has acknowledged is its maker’s promise.',
  },
  {
    id: 'S6',
    promise: 'The write-ahead log stays bounded.',
    notShown:
      'While somebody else reads the database for long, SQLite cannot shorten the log; no test holds it open for minutes.',
  },
  {
    id: 'S7',
    promise: 'A restored copy bills nothing twice, and its old tokens are refused.',
    notShown:
      'Which payee was paid by what a lost database settled is found from sums: accounts stay exact, payees may be off by calls that are lost.',
    wider: ['test/e2e/restore.test.ts', lives, deaths, losses],
  },
  { id: 'S8', promise: 'A clock that jumps changes no order of money and revives nothing that had expired.' },
  {
    id: 'T1',
    promise: 'The chain takes what was charged, once, whatever the network answers.',
    wider: [simulation, lives, deaths, crashes, faults, shortLives, month, devnetMoney],
  },
  {
    id: 'T2',
    promise: 'What is charged and not yet settled stays within what the vault holds for the account, and within caps.',
    notShown:
      'An account that withdraws alone, after its notice, can leave a debt smaller than its cap: then it is suspended.',
  },
  { id: 'T3', promise: 'Splitting what waits into batches keeps every unit.', wider: [simulation] },
  {
    id: 'T4',
    promise: 'When settlement stands still, readiness fails, and sales stop long before the money could leave.',
    notShown:
      'That somebody hears the alarm: the rules are evaluated by Prometheus’s own promtool, where a machine has it, and no Prometheus scrapes a gateway in a test.',
  },
  {
    id: 'T5',
    promise:
      'The operator’s key in the gateway can settle within limits and co-sign an exit that the books hold, and nothing else.',
    wider: ['contracts/vault/src/test/authorisation.rs', 'contracts/vault/src/test/limits.rs'],
    notShown:
      'The limits themselves are the contract’s. Its tests (`npm run contracts:test`) are in Rust, and no mutants are made of it.',
  },
  { id: 'H1', promise: 'A payment is credited once, to the unit.' },
  {
    id: 'H2',
    promise: 'No payment is missed, over restarts and disconnects.',
    wider: ['test/e2e/classic-deposits.test.ts', lives, deaths],
  },
  { id: 'H3', promise: 'Only successful payments of the exact asset to the exact place count.' },
  { id: 'H4', promise: 'A record that cannot be read is set aside and shown; the ones behind it count.' },
  { id: 'H5', promise: 'A payment that names nobody, or two, waits for a person and is never guessed.' },
  {
    id: 'H6',
    promise: 'A source that is throttled, broken or has forgotten ledgers makes the watcher wait or stop, never skip.',
  },
  { id: 'H7', promise: 'A source that was reset, or is of another network, is refused.' },
  { id: 'H8', promise: 'When the chain has not been seen for too long, sales stop.' },
  { id: 'A1', promise: 'Only a token that this gateway has signed, for itself, is accepted.' },
  {
    id: 'A2',
    promise: 'A flood of bad tokens costs bounded work and does not starve who pays.',
    wider: ['test/long/slow-clients.test.ts'],
    notShown: 'Bounds are shown, not times: how fast a flood is refused depends on the machine.',
  },
  { id: 'A3', promise: 'Revocation and expiry act on the next call.' },
  { id: 'A4', promise: 'A login challenge is this gateway’s own, in time, and good once.' },
  { id: 'A5', promise: 'The name in a token is one Stellar address and reaches no other account.' },
  {
    id: 'F1',
    promise: 'One request in is at most one request out; whatever could be read in two ways is refused.',
    wider: [chaos],
  },
  {
    id: 'F2',
    promise: 'The path that is priced is the path that is forwarded.',
    wider: ['test/gateway/path-prices.test.ts', 'test/gateway/side-by-side.property.test.ts'],
  },
  {
    id: 'F3',
    promise: 'Who pays is told to the upstream by the gateway alone; the client’s credential goes no further.',
  },
  { id: 'F4', promise: 'Requests go where the catalog says and nowhere else.' },
  { id: 'F5', promise: 'A WebSocket opens behind token, money and a true answer of the upstream.' },
  { id: 'F6', promise: 'What an upstream breaks never reaches a client as whole, nor the next call.', wider: [chaos] },
  { id: 'F7', promise: 'A request of which a byte may have left is never sent again.' },
  { id: 'F8', promise: 'Paid answers are kept by no shared cache, unless the catalog says so.' },
  { id: 'F9', promise: 'An upstream cannot call its answer a refusal, a fault or a replay of the gateway.' },
  { id: 'F10', promise: 'Idempotency keys of calls that cost nothing leave room for those of calls that pay.' },
  { id: 'F11', promise: 'No caller closes an API to the others; an upstream that is gone gets no calls.' },
];
