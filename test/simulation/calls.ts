import type { FinishOutcome } from '../../src/billing/charging.ts';
import type { RunningCall } from './gateway.ts';
import { checkCovered } from './identities.ts';
import type { Life } from './life.ts';
import type { ModelCall } from './model.ts';

/** What consumers and upstreams do to a call, from its admission to its end. */
export async function begin(life: Life, kind: 'capped' | undefined): Promise<void> {
  await life.alive();
  const { address } = life.random.pick(life.network.consumers);
  const token = kind && (await life.cappedToken(address));
  if (kind && !token) return;
  // Over the token a gateway whose disk had failed may have given way to the next one.
  const gateway = await life.alive();
  life.losses.follow(life);
  const running = gateway.begin(address, life.random.below(life.catalog.sold.length), token);
  if (gateway.dead) return;
  if (typeof running === 'string') return life.count(`call refused: ${running}`);
  if (life.losses.waiting) throw new Error('a call is sold although what the lost process signed may still land');
  life.count('call');
  if (token) life.count('capped call');
  const { id, price, route } = running;
  const call: ModelCall = { id, account: address, payee: route.api.payee, price, token: token?.jti, state: 'held' };
  life.model.begin(call);
  life.running.set(id, running);
  // A free call needs no money, and is served to those who owe some too.
  if (price > 0n) checkCovered(life, address);
}

function pickRunning(life: Life, state: ModelCall['state']): { call: ModelCall; running: RunningCall } | undefined {
  const calls = life.model.in(state).filter(({ id }) => life.running.has(id));
  if (calls.length === 0) return undefined;
  const call = life.random.pick(calls);
  const running = life.running.get(call.id);
  return running && { call, running };
}

const statuses = [200, 200, 200, 201, 404, 500, 503];

/** Heads of several calls at once, as they share one transaction. */
export async function head(life: Life): Promise<void> {
  const gateway = await life.alive();
  const some = new Map<number, { call: ModelCall; running: RunningCall; status: number }>();
  for (let wanted = 1 + life.random.below(4); wanted > 0; wanted--) {
    const picked = pickRunning(life, 'held');
    if (picked) some.set(picked.call.id, { ...picked, status: life.random.pick(statuses) });
  }
  const heads = [...some.values()].map(async ({ call, running, status }) => {
    const charged = status < 300;
    if (charged) call.state = 'charging';
    const served = await life.shortly(gateway.head(running, status));
    if (served === 'later' || served === 'failed') throw new Error(`a charge of call ${call.id} ended ${served}`);
    if (served === true) call.state = charged ? 'served' : 'free';
    // Refused because the log could not be synced: the row may be there all the same, and waits for a person.
    else if (served === false && !(charged && gateway.failed)) call.state = 'free';
    if (served === false || call.state === 'free') life.running.delete(call.id);
    if (served === true && charged) life.count('charge');
    if (served === true && charged && call.token !== undefined) life.count('capped charge');
    if (served === true && !charged) life.count('failed call');
  });
  await Promise.all(heads);
}

export async function noHead(life: Life): Promise<void> {
  const gateway = await life.alive();
  const picked = pickRunning(life, 'held');
  if (!picked) return;
  gateway.release(picked.running);
  picked.call.state = 'free';
  life.running.delete(picked.call.id);
  life.count('call without an answer');
}

const outcomes: FinishOutcome[] = [
  'completed',
  'completed',
  'completed',
  'client_gone',
  'upstream_broke',
  'gateway_failed',
];

export async function end(life: Life): Promise<void> {
  const gateway = await life.alive();
  const picked = pickRunning(life, 'served');
  if (!picked) return;
  const { call, running } = picked;
  const outcome = life.random.pick(outcomes);
  const goesBack = outcome === 'upstream_broke' || outcome === 'gateway_failed';
  life.running.delete(call.id);
  call.state = goesBack ? 'ending' : 'finished';
  const ended = await life.shortly(gateway.end(running, 200, { outcome, bytesOut: 10 }));
  if (ended === 'dead') return;
  if (ended === 'later' || ended === 'failed') throw new Error(`the end of call ${call.id} was ${ended}`);
  // A charge that a batch has taken by its age is not given back any more.
  if (goesBack) call.state = life.rows().get(call.id)?.refunded ? 'refunded' : 'finished';
  life.count(call.state === 'refunded' ? 'refund' : 'finish');
}
