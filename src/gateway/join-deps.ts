import type { Api, Config, Route } from '../catalog/model.ts';
import { createAddressGuard, createAddressSet } from '../limits/addresses.ts';
import { createByteBudget, createByteShares } from '../limits/byte-budget.ts';
import { createClaims } from '../limits/claims.ts';
import { createPlaces } from '../limits/places.ts';
import { createRatePolicies } from '../limits/rate-policies.ts';
import { createCorsRules } from './cors.ts';
import type { GatewayDeps } from './deps.ts';
import type { DispatchDeps } from './dispatch.ts';
import { createFieldRules } from './fields.ts';
import { createOwnPages } from './own-pages.ts';
import { prepareRoute } from './prepared.ts';
import { createReadings } from './readings.ts';

/** What the steps of a call share, made once. Per-catalog values are kept with the objects of that catalog. */
export function joinDeps(deps: GatewayDeps, draining: () => boolean): DispatchDeps {
  return {
    ...deps,
    ratesOf: createRatePolicies(),
    calls: createPlaces(),
    claims: createClaims(),
    budget: createByteBudget(),
    shares: createByteShares(),
    payers: new WeakMap(),
    rules: createFieldRules(),
    readings: createReadings(),
    prepared: remembered((route: Route) => prepareRoute(route, deps.resolve.routeId)),
    ownPages: createOwnPages(deps.internal),
    guardOf: remembered((config: Config) =>
      createAddressGuard({ block: config.gateway.blockAddresses, allow: config.gateway.allowAddresses }),
    ),
    guardOfApi: remembered((api: Api) => createAddressGuard({ block: api.blockAddresses, allow: api.allowAddresses })),
    proxiesOf: remembered(({ gateway }: Config) => ({
      trusts: createAddressSet(gateway.trustedProxies),
      field: gateway.forwardedField,
    })),
    corsOf: remembered(createCorsRules),
    draining,
    sockets: new Set(),
  };
}

/** A call asks for the same several times over, and so does the next one mostly: the last is at hand without a look-up. */
function remembered<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const values = new WeakMap<Key, Value>();
  let lastKey: Key | undefined;
  let last: Value | undefined;
  return (key) => {
    if (key === lastKey && last !== undefined) return last;
    const value = values.get(key) ?? make(key);
    values.set(key, value);
    lastKey = key;
    last = value;
    return value;
  };
}
