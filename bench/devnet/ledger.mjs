// What simulations, transactions and ledgers cost, in the process itself: without HTTP and without a client's signing.
import { spread } from '../harness/statistics.mjs';
import { inRow, mustWait, payment, prepared, sequenceOf, simulate, transferCall, unsigned } from './network.mjs';

/** Each of `count`, µs: one simulation; one transaction with a ledger of its own. */
export function measureEach(network, { ann, ben }, count) {
  const { chain } = network;
  const call = transferCall(ann, ben);
  const draft = unsigned(chain, ann, call);
  const simulateUs = times(count, () => simulate(chain, draft));
  const transfers = inRow(prepared(chain, ann, call), sequenceOf(chain, ann), count);
  const invokeUs = times(count, (index) => sendAlone(network, transfers[index]));
  const payments = inRow(payment(ann, ben), sequenceOf(chain, ann), count);
  const payUs = times(count, (index) => sendAlone(network, payments[index]));
  return { simulateUs: nineOfTen(simulateUs), invokeUs: nineOfTen(invokeUs), payUs: nineOfTen(payUs) };
}

/** Per second: payments where ledgers have many, one each, and ledgers in which nothing happens. */
export function measureRates(network, { ann, ben }, { transactions, perLedger, ledgers }) {
  const { chain, close } = network;
  const full = inRow(payment(ann, ben), sequenceOf(chain, ann), transactions);
  const fullS = seconds(() => sendAll(network, full, perLedger));
  const single = inRow(payment(ann, ben), sequenceOf(chain, ann), transactions);
  const singleS = seconds(() => sendAll(network, single, 1));
  const emptyS = seconds(() => {
    for (let ledger = 0; ledger < ledgers; ledger++) close();
  });
  return {
    paymentsPerS: transactions / fullS,
    paymentsAlonePerS: transactions / singleS,
    emptyLedgersPerS: ledgers / emptyS,
  };
}

export function sendAll({ chain, close }, envelopes, perLedger) {
  for (const [index, envelope] of envelopes.entries()) {
    mustWait(chain.submit(chain.read(envelope), true));
    if (index % perLedger === perLedger - 1 || index === envelopes.length - 1) close();
  }
}

function sendAlone({ chain, close, history }, envelope) {
  mustWait(chain.submit(chain.read(envelope)));
  close();
  const [only] = history.latest().transactions;
  if (!only?.successful) throw new Error('a transaction failed');
}

/** Without the ends of the list: collections of garbage make them. */
function nineOfTen(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length / 20);
  return spread(sorted.slice(cut, sorted.length - cut));
}

function times(count, run) {
  return Array.from({ length: count }, (_, index) => seconds(() => run(index)) * 1e6);
}

function seconds(run) {
  const from = performance.now();
  run();
  return (performance.now() - from) / 1_000;
}
