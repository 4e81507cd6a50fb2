// What `signed_context: true` costs a call: run `node scripts/bench/context.mjs`.
import { Keypair } from '@stellar/stellar-sdk/base';
import { createContextSigner } from '../../src/access/call-context.ts';
import { systemClock } from '../../src/clock.ts';

const secret = Keypair.random().secret();
const signer = createContextSigner({ secret, issuer: 'https://api.example.com', clock: systemClock });
const context = {
  api: 'weather',
  account: Keypair.random().publicKey(),
  callId: '8589934592',
  price: '0.002',
  method: 'GET',
  target: '/v1/forecast/oslo?units=metric',
};
const calls = 20_000;
const rounds = Array.from({ length: 6 }, () => {
  const startMs = performance.now();
  for (let call = 0; call < calls; call++) signer.sign(context);
  return ((performance.now() - startMs) * 1000) / calls;
});
const median = rounds.slice(1).sort((a, b) => a - b)[2] ?? 0;
console.log(`${median.toFixed(1)} µs per call, a header of ${signer.sign(context).length} bytes`);
