// A network that has had very many transactions: what it costs then, in memory, time and a file.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendAll } from './ledger.mjs';
import { inRow, openNetwork, payment, people, prepared, sequenceOf, transferCall } from './network.mjs';

/** Every tenth is a contract call, all others are payments. */
const CALLS_SHARE = 0.1;
const PER_LEDGER = 100;
/** Signed at once, so that envelopes do not take the memory that is measured. */
const PART = 1_000;

/** `measure` is given the network before and after. */
export function measureLongLife(transactions, measure, say) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-devnet-'));
  const statePath = path.join(folder, 'network');
  try {
    const network = openNetwork({ statePath });
    const who = people(network);
    const before = { ...measure(network, who), heapMb: heapMb() };
    const filledS = fill(network, who, transactions, say);
    const after = { ...measure(network, who), heapMb: heapMb() };
    const { size } = statSync(statePath);
    say('reading the file again');
    const from = performance.now();
    const again = openNetwork({ statePath });
    const loadS = (performance.now() - from) / 1_000;
    const hash = ({ history }) => Buffer.from(history.latest().closed.hash).toString('hex');
    if (hash(again) !== hash(network)) throw new Error('the network is another one after its file was read');
    const bytesEach = ((after.heapMb - before.heapMb) * 2 ** 20) / transactions;
    return { transactions, before, after, bytesEach, filledS, fileMb: size / 2 ** 20, loadS };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the seconds that it took without building and signing. */
function fill(network, { ann, ben }, transactions, say) {
  const { chain } = network;
  const call = prepared(chain, ann, transferCall(ann, ben));
  const pay = payment(ann, ben);
  let spentMs = 0;
  for (let sent = 0; sent < transactions; sent += PART) {
    const count = Math.min(PART, transactions - sent);
    const make = sent % (PART / CALLS_SHARE) === 0 ? call : pay;
    const envelopes = inRow(make, sequenceOf(chain, ann), count);
    const from = performance.now();
    sendAll(network, envelopes, PER_LEDGER);
    spentMs += performance.now() - from;
    if (sent % 10_000 === 0) say(`${sent} transactions`);
  }
  return spentMs / 1_000;
}

/** Memory in use after collecting what is not, heap and buffers. */
function heapMb() {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}
