// Bytes of memory that the ledger takes for an account: `node --expose-gc bench/parts/account-memory.mjs 1000000`.
import { randomBytes } from 'node:crypto';
import { StrKey } from '@stellar/stellar-sdk/base';
import { createLedger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';

const accounts = Number(process.argv[2]);
const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });

function used() {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const before = used();
for (let id = 1; id <= accounts; id++) {
  const address = StrKey.encodeEd25519PublicKey(randomBytes(32));
  ledger.open({ id, address, deposited: units(50_000_000n + BigInt(id)), limit: units(2n ** 62n) });
}
console.log(((used() - before) / accounts).toFixed(0));
// Held until here, or there would be nothing to count.
if (ledger.account('') !== undefined) process.exitCode = 1;
