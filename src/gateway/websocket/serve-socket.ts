import { readBearer } from '../../access/bearer.ts';
import { endOfPurchase, type SocketCause } from '../../billing/socket-charging.ts';
import type { Config, Route } from '../../catalog/model.ts';
import { formatUsdc } from '../../money.ts';
import { admit } from '../admit.ts';
import { answer, type Call, type CallDeps, close, giveUp, open, send, takeBody } from '../call.ts';
import { type Exchange, endsConnection } from '../exchange.ts';
import type { Answered, Upgraded } from '../forward.ts';
import { answerHead } from '../headers-down.ts';
import { type Refusal, refuse } from '../refuse.ts';
import { warnOfLeak } from '../warn-of-leak.ts';
import {
  offerSocket,
  openingFields,
  readSocketTerms,
  readSocketWish,
  type SocketTerms,
  type SocketWish,
} from './handshake.ts';
import { SocketSession } from './session.ts';
import { watchSale } from './still-sold.ts';
import { type Purchase, SocketTill } from './till.ts';

export type SocketDeps = CallDeps & {
  /** The catalog in force, which may be another than that of the call. */
  config(): Config;
  /** All that are open: a drain ends them. */
  sockets: Set<SocketSession>;
  draining(): boolean;
};

/** To a request to a WebSocket route that asks for none, or for one of another version. */
export function refuseForUpgrade(exchange: Exchange, detail?: string): void {
  // RFC 9110 section 7.8: Connection names Upgrade wherever it stands.
  endsConnection(exchange, 'close, upgrade');
  const fields = ['upgrade', 'websocket', 'sec-websocket-version', '13'];
  refuse(exchange, { ok: false, code: 'upgrade_required', detail, fields, close: true });
}

/** What a WebSocket has and no other call: the till is missing where nobody pays. */
type Opening = { wish: SocketWish; till: SocketTill | undefined; bought: Purchase | undefined };

/**
 * One sold WebSocket, from its route to its last close. What is paid at the opening is charged before the upstream is
 * asked; the client's socket changes hands only behind a 101 of the upstream that fits our own key, so that a handshake that
 * fails leaves no tunnel.
 */
export async function serveSocket(deps: SocketDeps, exchange: Exchange, route: Route, target: string): Promise<void> {
  const read = readSocketWish(exchange.request.fields);
  if (!read.ok && read.kind === 'version') return refuseForUpgrade(exchange, read.detail);
  if (!read.ok) return refuse(exchange, { ok: false, code: 'bad_request', detail: read.detail });
  const decision = admit(deps, exchange, route);
  const admitted = decision instanceof Promise ? await decision : decision;
  if (!admitted.ok) return refuse(exchange, admitted);

  const call = open(exchange, route, admitted, deps.nextCallId());
  takeBody(deps, call);
  try {
    const opening = await pay(deps, call, read.wish);
    if (!opening) return refuse(exchange, unwritten);
    try {
      await dial(deps, call, opening, target);
    } catch (error) {
      // Behind a charge nothing may fail without an end: a defect of the gateway here costs the client nothing.
      await takeBack(opening, 'gateway');
      throw error;
    }
    exchange.end.paid = opening.till?.paid ?? exchange.end.paid;
  } finally {
    close(deps, call);
  }
}

const unwritten: Refusal = {
  ok: false,
  code: 'journal_unavailable',
  fields: ['callora-price', '0', 'retry-after', '1'],
};

/** Charges a connection or its first minute; messages are only looked at. Undefined when the charge cannot be written. */
async function pay(deps: SocketDeps, call: Call, wish: SocketWish): Promise<Opening | undefined> {
  const { payer, hold } = call.admitted;
  const bearer = readBearer(call.exchange.request.fields);
  if (!payer || !bearer.ok) return { wish, till: undefined, bought: undefined };
  const till = new SocketTill(deps, call.route, payer, bearer.token);
  if (!hold) return { wish, till, bought: undefined };
  if (call.route.websocket === 'message') {
    deps.ledger.release(hold);
    return { wish, till, bought: undefined };
  }
  const [bought] = await till.commit([hold], () => call.id);
  return bought && { wish, till, bought };
}

async function dial(deps: SocketDeps, call: Call, opening: Opening, target: string): Promise<void> {
  const { exchange } = call;
  const { wish } = opening;
  const offer = offerSocket(wish);
  const answered = await send(deps, call, target, ['upgrade', 'websocket', ...offer.fields]);
  call.headMs = deps.clock.monotonicMs();
  if (!answered.ok) {
    await takeBack(opening, answered.code === 'client_gone' ? 'client' : 'upstream');
    return giveUp(deps, call, answered);
  }
  const { head, upgraded } = answered;
  if (!upgraded) return passOn(deps, call, opening, answered);
  const terms = readSocketTerms(head.fields, wish, offer.key);
  if (typeof terms !== 'string' && !exchange.clientGone && !deps.draining()) {
    return run(deps, call, opening, { terms, upgraded, fields: head.fields });
  }
  upgraded.socket.destroy();
  await takeBack(opening, exchange.clientGone ? 'client' : typeof terms === 'string' ? 'upstream' : 'gateway');
  if (typeof terms !== 'string') return refuse(exchange, { ok: false, code: 'shutting_down' });
  deps.log.warn({ call: call.id, route: call.route.template, fault: terms }, 'the upstream broke a handshake');
  return refuse(exchange, badHandshake(`the answer to the handshake is broken: ${terms}`));
}

/** An answer without an upgrade is the upstream's refusal and passes on; one that means success was not asked for. */
async function passOn(deps: SocketDeps, call: Call, opening: Opening, answered: Answered): Promise<void> {
  const { exchange } = call;
  const { status } = answered.head;
  await takeBack(opening, 'upstream');
  endsConnection(exchange);
  if (status < 300) {
    answered.upstream.abort(new Error('the upstream answered a handshake with success'));
    return refuse(exchange, badHandshake(`the upstream answered the handshake with ${status}`));
  }
  const relayed = await answer(deps, call, answered, exchange.end.paid);
  exchange.end.status = status;
  exchange.end.outcome = relayed.outcome;
  exchange.end.bytesOut = relayed.bytesOut;
}

function badHandshake(detail: string): Refusal {
  return {
    ok: false,
    code: 'upstream_bad_answer',
    detail,
    proxyStatus: 'callora; error=http_upgrade_failed',
    fields: ['callora-price', '0'],
  };
}

async function takeBack(opening: Opening, cause: SocketCause): Promise<void> {
  const { till, bought } = opening;
  opening.bought = undefined;
  if (till && bought) await till.end(bought, endOfPurchase({ kind: 'time', givenMs: undefined }, cause));
}

type Agreed = { terms: SocketTerms; upgraded: Upgraded /** The fields of the upstream's 101. */; fields: string[] };

async function run(deps: SocketDeps, call: Call, opening: Opening, agreed: Agreed): Promise<void> {
  const { exchange, route } = call;
  const { session, openedMs } = begin(deps, call, opening, agreed);
  deps.sockets.add(session);
  const cause = await session.run().finally(() => deps.sockets.delete(session));
  if (cause === 'upstream')
    deps.log.warn({ call: call.id, route: route.template }, 'the upstream broke a WebSocket off');
  const { up, down } = session.tunnel;
  exchange.end.status = 101;
  exchange.end.outcome = endOfPurchase({ kind: 'time', givenMs: 0 }, cause).outcome;
  exchange.end.bytesIn = up.bytes;
  exchange.end.bytesOut = down.bytes;
  exchange.end.socket = { openedMs, messages: up.messages };
}

/** The session has both sockets and what was bought, or the upstream's socket is closed. */
function begin(deps: SocketDeps, call: Call, opening: Opening, agreed: Agreed) {
  try {
    return openSession(deps, call, opening, agreed);
  } catch (error) {
    agreed.upgraded.socket.destroy();
    throw error;
  }
}

function openSession(deps: SocketDeps, call: Call, opening: Opening, agreed: Agreed) {
  const { exchange, route } = call;
  const { wish, till, bought } = opening;
  const { terms, upgraded } = agreed;
  exchange.onGone = undefined;
  exchange.onDrain = undefined;
  const { fields, hasDate } = headFields(deps, call, wish, agreed);
  exchange.answer.head(101, fields, { kind: 'none' }, hasDate);
  exchange.answer.end();
  const openedMs = deps.clock.monotonicMs() - exchange.startMs;
  const session = new SocketSession({
    route,
    limits: exchange.config.gateway.limits,
    clock: deps.clock,
    log: deps.log,
    till,
    opening: bought,
    client: exchange.connection.takeOver(),
    upstream: upgraded,
    packed: terms.extension !== undefined,
    isPaused: () => deps.isPaused(route.api.name),
    isSold: watchSale(deps.config, route, upgraded.origin),
  });
  // From here on the session writes its end.
  opening.bought = undefined;
  return { session, openedMs };
}

/** The 101 for the client, made anew: nothing of the upstream's handshake is in it but what was agreed on. */
function headFields(deps: SocketDeps, call: Call, wish: SocketWish, { terms, fields }: Agreed) {
  const { exchange, route, admitted } = call;
  const read = answerHead(fields, deps.rules, deps.prepared(route), route.api, exchange);
  if (read.leaking !== undefined) warnOfLeak(deps, route, read.leaking);
  const head = openingFields(wish, terms);
  head.push(...read.fields, 'via', '1.1 callora', 'x-request-id', exchange.requestId, ...exchange.fields);
  head.push('callora-price', formatUsdc(route.priceUnits));
  if (admitted.payer) head.push('callora-balance', formatUsdc(deps.ledger.spendable(admitted.payer.account)));
  return { fields: head, hasDate: read.hasDate };
}
