import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SocketUnit } from '../../../src/catalog/model.ts';
import { GatewayError } from '../../../src/errors.ts';
import { until } from '../../support/until.ts';
import { openSession, type SessionRig } from './rig.ts';

/** What either end, the journal, the token or the clock may do at any moment. */
type Step =
  | { kind: 'say' | 'half' | 'junk'; side: 'client' | 'upstream'; size: number }
  | { kind: 'close' | 'end' | 'reset'; side: 'client' | 'upstream'; size: number }
  | { kind: 'stall' | 'commit' | 'refuse' | 'time' | 'revoke' | 'stop'; size: number };

const sides = fc.constantFrom('client', 'upstream') as fc.Arbitrary<'client' | 'upstream'>;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('say' as const), side: sides, size: fc.nat(400) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('half' as const, 'junk' as const, 'close' as const, 'end' as const, 'reset' as const),
      side: sides,
      size: fc.nat(400),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'stall' as const,
        'commit' as const,
        'refuse' as const,
        'time' as const,
        'revoke' as const,
        'stop' as const,
      ),
      size: fc.nat(90_000),
    }),
  },
);

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Plays the steps, then ends whatever is left. */
async function play(rig: SessionRig, steps: Step[]): Promise<void> {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  rig.journal.beforeCharge = () => gate.promise;
  for (const found of steps) {
    if ('side' in found) act(rig, found);
    else if (found.kind === 'stall') {
      gate.resolve();
      gate = Promise.withResolvers();
    } else if (found.kind === 'commit') gate.resolve();
    else if (found.kind === 'refuse') gate.reject(new GatewayError('journal_unavailable'));
    else if (found.kind === 'time') rig.clock.advance(found.size);
    else if (found.kind === 'revoke') rig.spoil('token_revoked');
    else rig.session.leave();
    gate.promise.catch(() => undefined);
    await turns(found.size % 5);
  }
  gate.resolve();
  rig.journal.beforeCharge = () => Promise.resolve();
  await turns(5);
  rig.client.socket.destroy();
  rig.upstream.socket.destroy();
  await rig.over();
}

function act(rig: SessionRig, { kind, side, size }: Extract<Step, { side: string }>): void {
  const peer = rig[side];
  if (peer.socket.destroyed || peer.socket.writableEnded) return;
  const whole = peer.frame({ opcode: 2, payload: new Uint8Array(size) });
  if (kind === 'say') peer.socket.write(whole);
  else if (kind === 'half') peer.socket.write(whole.subarray(0, 1 + (size % whole.length)));
  else if (kind === 'junk') peer.socket.write(Buffer.from([size, size * 7, 0xff, 0xff, size]));
  else if (kind === 'close') peer.sayClose();
  else if (kind === 'end') peer.socket.end();
  else peer.socket.resetAndDestroy();
}

it.each(['message', 'minute', 'connection'] as SocketUnit[])(
  'whatever happens to a WebSocket paid by the %s, its books are even and nothing passes unpaid',
  async (per) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 12 }), async (steps, paidFor) => {
        const rig = await openSession({ per, price: '0.1', balance: `${paidFor / 10}` });
        await play(rig, steps);
        const { account, journal } = rig;
        expect(account).toMatchObject({ held: 0n, holds: 0 });
        const ids = journal.charges.map(({ id }) => id);
        expect(journal.finishes.map(({ chargeId }) => chargeId).sort()).toEqual([...ids].sort());
        expect(account.charged).toBe(journal.charges.reduce((sum, { priceUnits }) => sum + priceUnits, 0n));
        expect(account.refunded).toBe(journal.refunds.reduce((sum, { amount }) => sum + amount, 0n));
        expect(rig.till.paid).toBe(account.charged - account.refunded);
        if (per !== 'message') return;
        const begun = rig.upstream.frames.filter(({ opcode }) => opcode === 1 || opcode === 2).length;
        expect(begun).toBeLessThanOrEqual(Math.min(paidFor, ids.length));
        // A reset may take what was handed on with it, never the other way round.
        const handed = journal.finishes.filter(({ outcome }) => outcome === 'completed').length;
        expect(rig.upstream.messages.length).toBeLessThanOrEqual(handed);
        expect(rig.session.tunnel.up.messages).toBe(handed);
        // What is paid in the end was handed on, but for the message that was cut.
        const kept = journal.charges.length - journal.refunds.length;
        expect(kept).toBeLessThanOrEqual(handed + (rig.session.tunnel.up.inMessage ? 1 : 0));
        await until(() => rig.client.closed && rig.upstream.closed, 'the end of both connections');
      }),
      { numRuns: 60 },
    );
  },
);
