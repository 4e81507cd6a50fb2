// The books of the gateway against what the clients and the upstream have counted for themselves, to the unit.
import { formatUsdc, parseUsdc } from '../../src/money.ts';

export async function compareBooks({ stage, counted, upstream, say }) {
  const faults = [];
  const fault = (text) => faults.length < 20 && faults.push(text);
  await settleAll(stage, say);
  const accounts = await pages(stage, '/api/accounts');
  const sums = { books: 0n, clients: 0n, upstream: 0n, undelivered: 0n };
  for (const { address, charged, refunded, held } of accounts) {
    const net = parseUsdc(charged) - parseUsdc(refunded);
    if (held !== '0') fault(`${address} still has ${held} on hold`);
    sums.books += net;
    if (counted.wildAccounts.has(address)) {
      const owed = await wildAccount({ stage, address, net, counted, upstream, fault });
      sums.clients += owed;
      sums.upstream += owed;
      continue;
    }
    const [seen, delivered] = [counted.owed.get(address) ?? 0n, upstream.owed.get(address) ?? 0n];
    sums.clients += seen;
    sums.upstream += delivered;
    const lost = counted.undelivered.get(address) ?? 0n;
    sums.undelivered += lost;
    if (net !== seen) fault(`${address}: the books say ${net} units, its clients ${seen}`);
    if (delivered < net || delivered > net + lost) {
      fault(`${address}: the books say ${net} units, the upstream ${delivered}, of which ${lost} may not have arrived`);
    }
  }
  const { ok, units_off } = await stage.json('/api/reconcile', { method: 'POST' });
  if (!ok || units_off !== '0') fault(`books and chain are ${units_off} units apart`);
  return {
    faults,
    figures: {
      'charged less refunded, by the books, the clients and the upstream, and what may not have arrived, USDC':
        Object.values(sums).map(formatUsdc).join(', '),
      'units off by reconcile': units_off,
    },
  };
}

/** Clients that leave cannot know what they owe: each of their calls is looked at. Returns what they owe by the rules. */
async function wildAccount({ stage, address, net, counted, upstream, fault }) {
  let owed = 0n;
  const charged = new Set();
  for (const row of await pages(stage, '/api/usage', `account=${address}&`)) {
    const call = upstream.calls.get(row.call);
    charged.add(row.call);
    owed += parseUsdc(row.price) - parseUsdc(row.refunded);
    if (!call) fault(`call ${row.call} is charged, and the upstream never saw it`);
    else if (!call.answered && row.refunded !== row.price) fault(`call ${row.call} is charged and was never answered`);
  }
  for (const [call, { account }] of upstream.calls) {
    if (account === address && counted.paid.has(call) && !charged.has(call))
      fault(`call ${call} was read and is not charged`);
  }
  if (owed !== net) fault(`${address}: its calls are ${owed} units, the books say ${net}`);
  return owed;
}

async function settleAll(stage, say) {
  for (let tries = 0; tries < 60; tries++) {
    const { complete, unsettled, waiting_for } = await stage.json('/api/settlement/now', { method: 'POST' });
    if (complete && unsettled === '0') return;
    say(`settling: ${unsettled} USDC wait${waiting_for ? ` for ${waiting_for}` : ''}`);
  }
  throw new Error('settlement does not come to its end');
}

async function pages(stage, where, query = '') {
  const items = [];
  for (let cursor = ''; ; ) {
    const page = await stage.json(`${where}?${query}limit=500${cursor}`);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${page.next}`;
  }
}
