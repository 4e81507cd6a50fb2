import type { Api } from '../catalog/model.ts';
import { type Concurrency, createConcurrency } from './concurrency.ts';

/** The calls of each account that are under way, at all APIs together and at each that has a limit of its own. */
export type Places<Account> = {
  /** Takes a place for a call, or says which limit is reached. A call that was let in leaves exactly once. */
  enter(account: Account, api: Api, callsPerAccountMax: number): 'ok' | 'gateway' | 'api';
  leave(account: Account, api: Api): void;
};

export function createPlaces<Account>(): Places<Account> {
  const everywhere = createConcurrency<Account>();
  /** By name, so that calls begun before a reload still count behind it. */
  const atApi = new Map<string, Concurrency<Account>>();

  function ofApi(name: string): Concurrency<Account> {
    const known = atApi.get(name);
    if (known) return known;
    const fresh = createConcurrency<Account>();
    atApi.set(name, fresh);
    return fresh;
  }

  return {
    enter(account, api, callsPerAccountMax) {
      if (!everywhere.enter(account, callsPerAccountMax)) return 'gateway';
      if (api.callsPerAccountMax === undefined || ofApi(api.name).enter(account, api.callsPerAccountMax)) return 'ok';
      everywhere.leave(account);
      return 'api';
    },
    leave(account, api) {
      everywhere.leave(account);
      if (api.callsPerAccountMax !== undefined) ofApi(api.name).leave(account);
    },
  };
}
