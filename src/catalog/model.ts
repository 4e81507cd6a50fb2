import type { Units } from '../money.ts';
import type { WebhookKind } from './webhook-kinds.ts';

/** The configuration as the rest of the program sees it: validated, units in names, secrets read, routes compiled. */
export type Config = {
  /** Absolute path of the YAML file; relative paths in it are resolved against its folder. */
  file: string;
  gateway: {
    listen: Listen;
    /** TLS on the listener; undefined for plain HTTP. */
    tls: TlsFiles | undefined;
    /** The origin consumers use, no trailing slash; token issuer, audience and home domain derive from it. */
    publicUrl: string;
    /** The origin of the gateway's own pages; undefined where they share that of what is sold. */
    pagesUrl: URL | undefined;
    /** S… seed from which the keys of wallet login, receipts and signed contexts derive; the operator's without one. */
    identitySecret: string;
    limits: GatewayLimits;
    /** Origins browsers may call from; `*` for any. Default any: calls carry a token, never a cookie. */
    corsOrigins: '*' | string[];
    /** Addresses or CIDR ranges refused before anything else, and, if any are listed, the only ones let in. */
    blockAddresses: string[];
    allowAddresses: string[];
    /** Proxies whose word on the client's address is taken, and the field in which they write it. */
    trustedProxies: string[];
    forwardedField: 'x-forwarded-for' | 'forwarded';
    /** Calls of all APIs together. */
    rates: Rates;
    idempotency: IdempotencyLimits;
  };
  admin: { listen: Listen; token: string };
  stellar: {
    /** `testnet`, `public` or `custom`. */
    network: string;
    passphrase: string;
    rpcUrl: string;
    /** Of another provider: what the books hold is compared with it. */
    secondRpcUrl: string | undefined;
    horizonUrl: string | undefined;
    /** C… address of the vault contract. */
    vault: string;
    operatorSecret: string;
    /** The most one transaction may pay for inclusion, in stroops. */
    feeMaxStroops: number;
    /** Page about a transaction, with `{hash}` where its hash goes; undefined where no explorer knows the network. */
    explorerUrl: string | undefined;
  };
  storage: { path: string; durability: 'process' | 'disk'; walSyncIntervalMs: number };
  tokens: { keysFile: string; ttlMs: number; ttlMaxMs: number };
  deposits: {
    pollIntervalMs: number;
    /** Webhooks are told of an account that has less than this left. */
    lowBalanceUnits: Units;
    /** The account for payments from wallets and exchanges; undefined when the operator offers none. */
    classic: { secret: string; minUnits: Units } | undefined;
  };
  settlement: {
    intervalMs: number;
    minTotalUnits: Units;
    /** Accounts + payees in one batch, at most. */
    batchEntries: number;
    /** Lanes of the vault in use, each with one batch in flight. */
    lanes: number;
    payoutMinUnits: Units;
    payoutIntervalMs: number;
    /** The operator pays the rent of accounts in use, so that none of them is archived. */
    keepAccountsAlive: boolean;
    /** A charge older than this is settled whatever the total, finished or not. */
    ageMaxMs: number;
    exposureMaxUnits: Units;
    exposureAccountMaxUnits: Units;
  };
  log: { level: string; access: boolean };
  webhooks: Webhook[];
  apis: Api[];
  routes: RouteTable;
};

export type Webhook = {
  /** Unique; names the endpoint in the books. */
  name: string;
  url: string;
  /** Signs what is sent. */
  secret: string;
  events: WebhookKind[];
  /** Lets the URL lead to a private address. */
  allowPrivate: boolean;
};

/** Calls per second with a burst, for each account, token and address; undefined where none is set. */
export type Rates = { account: Rate | undefined; token: Rate | undefined; address: Rate | undefined };

export type Rate = { perSecond: number; burst: number };

export type Listen = { host: string; port: number };

/** Absolute paths of a PEM chain, leaf first, and of its key; read apart from the catalog, since they change on their own. */
export type TlsFiles = { certFile: string; keyFile: string; minVersion: 'TLSv1.2' | 'TLSv1.3' };

/** Every limit of the listener; defaults and reasons stand in `limits-defaults.ts`. */
export type GatewayLimits = {
  headBytesMax: number;
  headFieldsMax: number;
  targetBytesMax: number;
  tokenBytesMax: number;
  bodyBytesMax: number;
  headTimeoutMs: number;
  tlsHandshakeTimeoutMs: number;
  bodyIdleTimeoutMs: number;
  requestsPerConnectionMax: number;
  connectionsPerAddressMax: number;
  connectionsMax: number;
  callsPerAccountMax: number;
  verificationsMax: number;
  drainTimeoutMs: number;
  websocketFrameBytesMax: number;
  websocketMessageBytesMax: number;
  websocketIdleTimeoutMs: number;
  websocketCheckIntervalMs: number;
};

/** What is kept for Idempotency-Key; defaults and reasons stand in `limits-defaults.ts`. */
export type IdempotencyLimits = {
  lifeMs: number;
  bodyBytesMax: number;
  answerBytesMax: number;
  readOnTimeoutMs: number;
  bufferedBytesMax: number;
  keysPerAccountMax: number;
  keysMax: number;
  storedBytesPerAccountMax: number;
  storedBytesMax: number;
  unpaidPercentMax: number;
};

export type Api = {
  /** Lower-case name, unique; the `scope` word of tokens. */
  name: string;
  /** Who is paid: G… or C… address. */
  payee: string;
  /** Canonical prefix such as `/weather`, never `/`-terminated, never under a reserved name. */
  mount: string;
  upstream: Upstream;
  /** Header fields added for the upstream, secrets included. Lower-case names. */
  headers: [name: string, value: string][];
  /** Those values among them that consumers must never see. */
  secrets: string[];
  /** Calls carry a short-lived JWT about the account and the price, which the upstream can check. */
  signedContext: boolean;
  /** Undefined where the gateway's own origins hold. */
  cors: CorsPolicy | undefined;
  /** Allows `%2F` in paths of this API. */
  encodedSlash: boolean;
  /** Calls of this API. */
  rates: Rates;
  /** Calls of one account under way at once at this API; undefined where only the limit of all APIs holds. */
  callsPerAccountMax: number | undefined;
  /** As `gateway.blockAddresses` and `gateway.allowAddresses`, for this API. */
  blockAddresses: string[];
  allowAddresses: string[];
  /** Listed routes, and the fallback for unlisted ones when the API has a price of its own. */
  routes: Route[];
};

/** Which pages of other origins may call an API from a browser, and what they may send and read. */
export type CorsPolicy = {
  origins: '*' | string[];
  /** Request fields beside the gateway's own; undefined for whatever a page asks to send. */
  headers: string[] | undefined;
  /** Answer fields that scripts may read, beside the gateway's own. */
  expose: string[];
  /** How long a browser may keep the answer to a preflight, seconds. */
  maxAgeS: number;
  /** Lets browsers send cookies along. */
  credentials: boolean;
};

export type Upstream = {
  /** `http://host:port` or `https://…` each, no path. A call goes to the least loaded healthy one; there is at least one. */
  origins: string[];
  /** Path prefix of all of them, `` or `/v1`; never ends in a slash. */
  basePath: string;
  /** Lets a name lead to a private address. An address or `localhost` that stands in the URL itself always may be used. */
  allowPrivate: boolean;
  /** To each origin. */
  connectionsMax: number;
  /** Calls that wait for a connection, over all origins. */
  waitingMax: number;
  connectTimeoutMs: number;
  idleTimeoutMs: number;
  /** From the call to the last byte of its answer; 0 for no limit. */
  totalTimeoutMs: number;
  answerHeadBytesMax: number;
  breaker: { failures: number; openForMs: number };
  /** Probes of each origin; undefined for none. */
  health: UpstreamHealth | undefined;
  tls: UpstreamTls | undefined;
};

export type UpstreamHealth = {
  /** Asked as it stands, without `basePath`. */
  path: string;
  intervalMs: number;
  timeoutMs: number;
  /** Probes in a row that change the verdict. */
  healthy: number;
  unhealthy: number;
};

/** PEM texts, of which the key is a secret; undefined where Node's own certificates, or none, will do. */
export type UpstreamTls = {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  serverName: string | undefined;
};

export type Route = {
  /** Small number, stable within one catalog; never stored. */
  index: number;
  api: Api;
  /** The method, or `ANY`. */
  method: string;
  /** As written, mount included: `/weather/forecast/:city`; the fallback of an API is `/weather/*`. Metric label and stored name. */
  template: string;
  priceUnits: Units;
  /** What one price of a WebSocket route buys; undefined for all other routes, where it is the call. */
  websocket: SocketUnit | undefined;
  auth: 'token' | 'none';
  /** True when a final upstream status is charged. */
  charges(status: number): boolean;
  /** Time to the first byte of the upstream's head, ms. */
  timeoutMs: number;
  bodyBytesMax: number;
  /** Leaves the upstream's own cache fields on paid answers instead of `no-store`. */
  cacheable: boolean;
  /** An upstream's own 402 is its answer, and not the owner's unpaid bill. */
  passesPaymentRequired: boolean;
  /** Sent in the public price list. */
  description: string | undefined;
};

/** The opening of a connection, one message of the client, or each minute begun. */
export type SocketUnit = 'connection' | 'message' | 'minute';

export type RouteMatch =
  | {
      kind: 'route';
      route: Route /** Raw canonical path behind the mount, `` or `/…`; forwarded as basePath + rest. */;
      rest: string;
    }
  | { kind: 'method_not_allowed'; allow: string[] }
  | { kind: 'not_found' };

export type RouteTable = {
  /** `path` is canonical, without query. HEAD matches GET's routes. No regular expression runs per call. */
  match(method: string, path: string): RouteMatch;
  /** The API mounted at this path, whatever the method: for CORS. */
  apiAt(path: string): Api | undefined;
  /** Every method that some route sells this path with, sorted, `ANY` among them; empty where nothing is sold. */
  methodsAt(path: string): string[];
};
