// Who calls in the soak, side by side until the time is over, and what each has counted.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.mjs';
import { badTokens, slowBody, slowHead } from './attackers.mjs';
import { random } from './random.mjs';
import { talk } from './talk.mjs';
import { wildCall } from './wild.mjs';

/** Which accounts belong to whom: the books of those who leave at any moment are compared call by call. */
const groups = { steady: [0, 60], keyed: [60, 70], slow: [70, 80], poor: [80, 85], sockets: [85, 95], wild: [95, 120] };
const workers = { steady: 16, keyed: 2, slow: 4, poor: 1, sockets: 4, wild: 6, badTokens: 2, slowHead: 2, slowBody: 2 };

export async function runTraffic({ stage, seconds, seed, say, status }) {
  const endMs = performance.now() + seconds * 1000;
  const counted = {
    /** Units that each account owes by what its clients have seen. */
    owed: new Map(),
    /** Units of calls that the gateway gave up in time, while the upstream may think that it has delivered them. */
    undelivered: new Map(),
    /** Calls of wild clients that must be charged, because a head said so, and that must not, because none can have come. */
    paid: new Set(),
    totals: {},
    faults: [],
    wildAccounts: new Set(stage.payers.slice(...groups.wild).map(({ account }) => account)),
  };
  const tools = {
    stage,
    port: stage.port,
    goesOn: () => performance.now() < endMs,
    count(what, by = 1) {
      counted.totals[what] = (counted.totals[what] ?? 0) + by;
    },
    owe: (account, units) => addTo(counted.owed, account, units),
    undelivered: (account, units) => addTo(counted.undelivered, account, units),
    paid: counted.paid,
    fault(text) {
      if (counted.faults.length < 20) counted.faults.push(text);
    },
  };
  const running = Object.entries(workers).flatMap(([kind, number]) =>
    Array.from({ length: number }, (_, at) => {
      const chance = random(seed * 1_000 + at * 17 + kind.length);
      return kinds[kind]({ ...tools, chance, payers: stage.payers.slice(...(groups[kind] ?? groups.steady)) });
    }),
  );
  const progress = setInterval(
    () => {
      const { calls = 0, leftAtAnyMoment = 0, badTokens: bad = 0, messages = 0 } = counted.totals;
      say(`${calls} calls, ${leftAtAnyMoment} left, ${bad} bad tokens, ${messages} messages; ${status()}`);
    },
    Math.min(10_000, (seconds * 1000) / 4),
  );
  try {
    await Promise.all(running);
  } finally {
    clearInterval(progress);
  }
  const { calls = 0, givenUp = 0 } = counted.totals;
  if (givenUp > calls / 100)
    tools.fault(`${givenUp} of ${calls} calls were given up: the machine is too busy to say more`);
  return counted;
}

function addTo(sums, account, units) {
  sums.set(account, (sums.get(account) ?? 0n) + units);
}

const kinds = {
  steady: (tools) => callers(tools, steadyCall),
  keyed: (tools) => callers(tools, keyedCall),
  slow: (tools) => callers(tools, slowCall),
  poor: (tools) => callers(tools, poorCall),
  sockets: talk,
  wild: async (tools) => {
    while (tools.goesOn()) {
      await wildCall(tools, tools.chance.one(tools.payers));
      await sleep(20 + tools.chance.below(60));
    }
  },
  badTokens,
  slowHead,
  slowBody,
};

async function callers(tools, call) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (tools.goesOn()) {
      await call({ ...tools, agent }, tools.chance.one(tools.payers));
      await sleep(tools.chance.below(12));
    }
  } finally {
    agent.destroy();
  }
}

const faults = ['status', 'nothing', 'nonsense', 'cut', 'cut-chunks', 'hang'];

async function steadyCall(tools, payer) {
  const { chance } = tools;
  if (chance.chance(0.04)) return faultyCall(tools, payer, chance.one(faults));
  const sends = chance.chance(0.2);
  const answer = await ask({
    ...tools,
    ...payer,
    ...(sends
      ? { method: 'POST', path: '/soak/up/1', body: Buffer.alloc(chance.below(50_000), 'u') }
      : { path: '/soak/item/7' }),
  });
  wholeAnswer(tools, payer, answer, sends ? 20n : 5n);
}

/** Every fault of the upstream costs nothing, whenever it comes. */
async function faultyCall(tools, payer, kind) {
  const answer = await ask({ ...tools, ...payer, path: `/soak/fault/${kind}` });
  tools.count('calls');
  tools.count('upstreamFaults');
  const broken = kind === 'cut' || kind === 'cut-chunks';
  const right = broken
    ? !answer.whole || answer.status === 502
    : answer.whole && answer.price === 0n && answer.status >= 400;
  if (!right)
    tools.fault(`/fault/${kind} was answered ${answer.status} at ${answer.price} units, ${answer.error ?? ''}`);
}

/** One logical call, sent several times with one key, at once and again: paid once, answered the same. */
async function keyedCall(tools, payer) {
  const { chance } = tools;
  const key = `soak-${chance.next().toString(36).slice(2)}-${chance.below(1e9)}`;
  const body = Buffer.alloc(chance.below(2_000), 'k');
  const send = (agent) =>
    ask({ ...tools, ...payer, agent, method: 'POST', path: '/soak/up/1', body, headers: { 'idempotency-key': key } });
  const answers = await Promise.all(chance.chance(0.3) ? [send(tools.agent), send(undefined)] : [send(tools.agent)]);
  answers.push(await send(tools.agent));
  tools.count('calls');
  tools.count('sentAgain', answers.length - 1);
  const paid = answers.filter(({ status, price, whole }) => status === 200 && price === 20n && whole);
  const replayed = answers.filter(
    ({ status, price, replayed: again }) => status === 200 && price === 0n && again === 'true',
  );
  const waiting = answers.filter(({ status }) => status === 409);
  if (paid.length === 1 && paid.length + replayed.length + waiting.length === answers.length)
    tools.owe(payer.account, 20n);
  else {
    const seen = answers.map(({ status, price, error = '' }) => `${status} at ${price} ${error}`).join(', ');
    tools.fault(`a call with a key was answered ${seen}`);
  }
}

async function slowCall(tools, payer) {
  const answer = await ask({ ...tools, ...payer, path: '/soak/big', pause: () => 5 + tools.chance.below(30) });
  wholeAnswer(tools, payer, answer, 10n);
  if (answer.status === 200 && answer.bytes !== 262_144) tools.fault(`a slow reader got ${answer.bytes} bytes`);
  tools.count('slowReads');
}

/** One call takes nearly all of such an account; what it cannot pay is refused. */
async function poorCall(tools, payer) {
  const answer = await ask({ ...tools, ...payer, path: '/soak/dear' });
  tools.count('calls');
  if (answer.status === 402 && answer.price === 0n) tools.count('refusedForMoney');
  else if (answer.status === 200 && answer.whole) tools.owe(payer.account, answer.price);
  else tools.fault(`a dear call was answered ${answer.status}, ${answer.error ?? ''}`);
  await sleep(100);
}

function wholeAnswer(tools, { account }, answer, price) {
  tools.count('calls');
  if (answer.status === 200 && answer.whole && answer.price === price) tools.owe(account, price);
  else if ((answer.status === 502 || answer.status === 504) && answer.whole && answer.price === 0n) {
    // A machine too busy for ten seconds, or a connection that the upstream closed at that moment: free, by the rules.
    tools.count('givenUp');
    tools.undelivered(account, price);
  } else
    tools.fault(`a call of ${price} units was answered ${answer.status} at ${answer.price}, ${answer.error ?? ''}`);
}
