import fc from 'fast-check';
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { startKeyed } from './idempotency-rig.ts';
import type { RawAnswer } from './raw-client.ts';

/** What an upstream can do to a call, and what the key of that call then stands for. */
const behaviours = {
  ok: { answer: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', key: 'kept', charges: 1 },
  refusal: { answer: 'HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\nno', key: 'kept', charges: 0 },
  large: { answer: `HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n${'x'.repeat(99)}`, key: 'spent', charges: 1 },
  failure: { answer: 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n', key: 'free', charges: 0 },
  breaks: { answer: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', key: 'free', charges: 0 },
} as const;

type Behaviour = keyof typeof behaviours;
type Key = { state: 'free' | 'kept' | 'spent' | 'doubt'; body: string; first: RawAnswer | undefined };

const call = fc.record({
  /** `killed` before the answer, `cut` within it: behind its charge and before the end of its key. */
  kind: fc.constantFrom(
    'call' as const,
    'call' as const,
    'call' as const,
    'killed' as const,
    'cut' as const,
    'restart' as const,
  ),
  key: fc.constantFrom('a', 'b'),
  body: fc.constantFrom('one', 'one', 'two'),
  behaviour: fc.constantFrom(...(Object.keys(behaviours) as Behaviour[])),
});

it('whatever upstreams, clients and crashes do, a key is one call upstream and one charge until it is free again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 3, maxLength: 9 }), fc.boolean(), async (steps, isTight) => {
      let behaviour: Behaviour | 'hang' | 'stall' = 'ok';
      const started = await startKeyed({
        // Without room for answers that cost nothing, and with room for both keys.
        limits: { answerBytesMax: 50, ...(isTight ? { keysPerAccountMax: 2 } : {}) },
        behave(_request, socket) {
          if (behaviour === 'hang') return undefined;
          if (behaviour === 'stall') return behaviours.breaks.answer;
          if (behaviour === 'breaks') void socket.end(behaviours.breaks.answer);
          else return behaviours[behaviour].answer;
          return undefined;
        },
      });
      const keys = new Map<string, Key>();
      let [sent, charges] = [0, 0];
      for (const step of steps) {
        const known = keys.get(step.key) ?? { state: 'free', body: '', first: undefined };
        if (step.kind === 'restart') {
          await started.crash();
          continue;
        }
        behaviour = step.kind === 'killed' ? 'hang' : step.kind === 'cut' ? 'stall' : step.behaviour;
        const answering = started.call('/a/x', { 'idempotency-key': step.key }, step.body);
        if (known.state === 'free') sent++;
        if (known.state === 'free' && (behaviour === 'hang' || behaviour === 'stall')) {
          await until(() => started.upstream.requests.length === sent);
          if (behaviour === 'stall') charges++;
          await until(() => started.charged() === BigInt(charges) * 1_000_000n, 'the charge');
          await started.crash();
          await answering;
          keys.set(step.key, { state: 'doubt', body: step.body, first: undefined });
          continue;
        }
        const answer = await answering;
        if (known.state === 'free' && behaviour !== 'hang' && behaviour !== 'stall') {
          const { key, charges: added } = behaviours[behaviour];
          charges += added;
          if (key === 'free' || (isTight && behaviour === 'refusal')) keys.delete(step.key);
          else keys.set(step.key, { state: key, body: step.body, first: answer });
        } else if (known.body !== step.body) {
          expect(answer.status).toBe(422);
        } else if (known.state === 'kept') {
          expect([answer.status, answer.body]).toEqual([known.first?.status, known.first?.body]);
          expect(answer.headers.get('callora-call')).toBe(known.first?.headers.get('callora-call'));
          expect([answer.headers.get('idempotent-replayed'), answer.headers.get('callora-price')]).toEqual([
            'true',
            '0',
          ]);
        } else {
          const code = known.state === 'spent' ? 'idempotency_not_replayable' : 'idempotency_in_doubt';
          expect([answer.status, JSON.parse(answer.body).code]).toEqual([409, code]);
        }
        await until(() => started.rig.gateway.stats().running === 0);
        expect([started.upstream.requests.length, started.charged()]).toEqual([sent, BigInt(charges) * 1_000_000n]);
      }
      await started.stop();
    }),
    { numRuns: 12 },
  );
}, 180_000);
