import { createHash } from 'node:crypto';
import { Keypair } from '@stellar/stellar-sdk/base';
import { type ClassicForwarder, createClassicForwarder } from '../../src/deposits/classic-forwarder.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { createSubmitter } from '../../src/stellar/submitter.ts';
import type { Store } from '../../src/store/store.ts';
import { type ClassicRig, createClassicRig } from './classic-rig.ts';
import { depositAccount } from './scripted-horizon.ts';
import { ScriptedVault } from './scripted-vault.ts';

/** The process dies: nothing after this runs. */
export class Crash extends Error {}

const secret = Keypair.fromRawEd25519Seed(createHash('sha256').update('deposit account').digest()).secret();

export type ForwardRig = {
  classic: ClassicRig;
  chain: ScriptedVault;
  forwarder: ClassicForwarder;
  /** Dies at this one of the next durable writes and outside calls, before or after it takes effect. */
  dieAt: { step: number; before: boolean } | undefined;
  /** Names of the steps since the last restart. */
  steps: string[];
  restart(store?: Store): void;
  /** Turns until nothing is open, at most `turnsMax`. */
  run(turnsMax?: number): Promise<void>;
};

/** The way of a payment from Horizon into a vault, with a place to die at every step. */
export function createForwardRig(): ForwardRig {
  const classic = createClassicRig();
  const chain = new ScriptedVault();

  function step<Args extends unknown[], Result>(name: string, call: (...args: Args) => Result) {
    return (...args: Args): Result => {
      const at = rig.steps.push(name);
      const dies = rig.dieAt?.step === at;
      if (dies && rig.dieAt?.before) throw new Crash(`before ${name}`);
      const result = call(...args);
      if (!dies) return result;
      if (result instanceof Promise) {
        return result.then(() => Promise.reject(new Crash(`after ${name}`))) as Result;
      }
      throw new Crash(`after ${name}`);
    };
  }

  function start(store: Store): ClassicForwarder {
    const { rpc, vault, clock } = chain;
    const { classicPayments, classicForwards } = store;
    const submitter = createSubmitter({
      rpc: { ...rpc, send: step('send', rpc.send), simulate: step('simulate', rpc.simulate) },
      clock,
      feeMaxStroops: 1_000,
    });
    return createClassicForwarder({
      vault: { ...vault, forwarded: step('forwarded', vault.forwarded) },
      submitter: {
        submit: submitter.submit,
        follow: step('follow', submitter.follow),
      },
      payments: { ...classicPayments, markForwarded: step('mark', classicPayments.markForwarded) },
      forwards: {
        ...classicForwards,
        record: step('record', classicForwards.record),
        end: step('end', classicForwards.end),
      },
      account: depositAccount,
      secret,
      async balance() {
        const sinceLedger = chain.balanceSince ?? classic.horizon.lastRecordLedger();
        return { amount: units(chain.balance), sinceLedger };
      },
      readTo: () => classic.watcher.health().readTo,
      sync: step('sync', store.sync),
      clock,
      log: silentLog(),
    });
  }

  const rig: ForwardRig = {
    classic,
    chain,
    forwarder: start(classic.store),
    dieAt: undefined,
    steps: [],
    restart(store = classic.store) {
      classic.restart({}, store);
      rig.dieAt = undefined;
      rig.steps = [];
      rig.forwarder = start(store);
    },
    async run(turnsMax = 500) {
      for (let turn = 0; turn < turnsMax; turn++) {
        const more = await rig.forwarder.turn();
        if (!more && classic.store.classicPayments.open(depositAccount, 1).length === 0) return;
        if (more) continue;
        chain.close(60);
        await classic.catchUp();
      }
      throw new Error('payments are left');
    },
  };
  return rig;
}
