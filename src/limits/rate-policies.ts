import type { Api, Config, Rate } from '../catalog/model.ts';
import { type Bucket, type Buckets, createBuckets, fullS, takeOne, waitS } from './buckets.ts';

/** Whose calls a rate counts. */
export type RateSubject = 'account' | 'token' | 'address';

/** Keys at hand on every call, none of them made for it: the slot of the account (or its address), the token's id, the address. */
export type RateKeys = { account: object | string; token: string; address: string };

/** Rates that are asked together, with what the RateLimit-Policy field says of them. */
export type PolicySet = { policies: RatePolicy[]; text: string };

export type RatePolicy = {
  by: RateSubject;
  /** Unique in a configuration: `token` for all APIs together, `weather/token` for one. */
  name: string;
  rate: Rate;
  buckets: Buckets<object | string>;
};

/** The rates of one configuration. */
export type ConfigRates = {
  /** Counts every request of an address, whatever becomes of it. */
  address: PolicySet | undefined;
  of(api: Api): ApiRates;
};

export type ApiRates = {
  /** Counts every request for this API, before its token is looked at. */
  address: PolicySet | undefined;
  /** For calls with a token: account and token, of all APIs and of this one. */
  payer: PolicySet | undefined;
  /** For open routes: there is no account, so its rates count the address. */
  open: PolicySet | undefined;
};

/**
 * Keys that one policy remembers at the most, about 100 bytes each. More accounts or addresses than that, all of them with
 * calls that have not flowed back in yet, begin to get fresh bursts.
 */
const bucketsMax = 50_000;

/** Makes the policies of each configuration once. Buckets belong to names, so a reload gives nobody a fresh burst. */
export function createRatePolicies(): (config: Config) => ConfigRates {
  let buckets = new Map<string, Buckets<object | string>>();
  let current: { config: Config; rates: ConfigRates } | undefined;

  function compile(config: Config): ConfigRates {
    const kept = new Map<string, Buckets<object | string>>();
    const policy = (by: RateSubject, name: string, rate: Rate | undefined): RatePolicy[] => {
      if (!rate) return [];
      const known = kept.get(name) ?? buckets.get(name) ?? createBuckets(bucketsMax);
      kept.set(name, known);
      return [{ by, name, rate, buckets: known }];
    };
    const all = config.gateway.rates;
    const account = policy('account', 'account', all.account);
    const token = policy('token', 'token', all.token);
    const apis = new Map<Api, ApiRates>();
    for (const api of config.apis) {
      const own = (by: RateSubject) => policy(by, `${api.name}/${by}`, api.rates[by]);
      const ownAccount = own('account');
      apis.set(api, {
        address: together(own('address')),
        payer: together([...account, ...token, ...ownAccount, ...own('token')]),
        open: together([...account, ...ownAccount]),
      });
    }
    const address = together(policy('address', 'address', all.address));
    buckets = kept;
    return { address, of: (api) => apis.get(api) ?? none };
  }

  return (config) => {
    if (current?.config !== config) current = { config, rates: compile(config) };
    return current.rates;
  };
}

const none: ApiRates = { address: undefined, payer: undefined, open: undefined };

function together(policies: RatePolicy[]): PolicySet | undefined {
  if (policies.length === 0) return undefined;
  const items = policies.map(({ name, rate: { perSecond, burst } }) => {
    const windowS = Math.max(1, Math.ceil(burst / perSecond));
    return `"${name}";q=${burst};w=${windowS}`;
  });
  return { policies, text: items.join(', ') };
}

export type RateTaking = {
  ok: boolean;
  /** The RateLimit field: what each policy has left, and for how long. */
  standing: string;
  /** When all of them let a call in again, s; 0 when they do now. */
  retryAfterS: number;
  /** The policy that lets a call in last, when one does not now. */
  refusedBy: RatePolicy | undefined;
};

/**
 * Takes one call from every bucket, or from none: a call that one policy refuses uses nothing up of the others, so a client
 * that hammers against its token's rate does not starve its account's other tokens. Check and take are one step.
 */
export function takeAll({ policies }: PolicySet, keys: RateKeys, nowMs: number): RateTaking {
  const taken: { policy: RatePolicy; bucket: Bucket }[] = [];
  let retryAfterS = 0;
  let refusedBy: RatePolicy | undefined;
  for (const policy of policies) {
    const bucket = policy.buckets.at(keys[policy.by], policy.rate, nowMs);
    taken.push({ policy, bucket });
    if (bucket.level >= 1) continue;
    const wait = waitS(bucket, policy.rate);
    if (wait <= retryAfterS) continue;
    retryAfterS = wait;
    refusedBy = policy;
  }
  const ok = refusedBy === undefined;
  let standing = '';
  for (const { policy, bucket } of taken) {
    if (ok) takeOne(bucket, policy.rate);
    const left = Math.max(0, Math.floor(bucket.level));
    const seconds = bucket.level < 1 && !ok ? waitS(bucket, policy.rate) : fullS(bucket, policy.rate);
    standing += `${standing === '' ? '' : ', '}"${policy.name}";r=${left};t=${seconds}`;
  }
  return { ok, standing, retryAfterS, refusedBy };
}
