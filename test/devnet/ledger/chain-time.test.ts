import { describe, expect, it } from 'vitest';
import { GENESIS_TIME_S } from '../../../src/devnet/ledger/chain-time.ts';
import { startChain } from '../chain-rig.ts';

describe('the network’s time', () => {
  it('is the clock’s, and what was asked for on top of it', () => {
    const { chain, clock } = startChain();
    const start = chain.closeLedger().closeTimeS;
    expect(start).toBe(Math.floor(clock.nowMs() / 1000));
    chain.advanceTime(100);
    clock.advance(5_000);
    expect(chain.closeLedger().closeTimeS).toBe(start + 105);
  });

  it('goes on from where it is set', () => {
    const { chain, clock } = startChain();
    const aim = chain.history.latest().closeTimeS + 1_000_000;
    chain.setTime(aim);
    expect(chain.closeLedger().closeTimeS).toBe(aim);
    clock.advance(7_000);
    expect(chain.closeLedger().closeTimeS).toBe(aim + 7);
  });

  it('is never set back behind a closed ledger, or to what is no time', () => {
    const { chain } = startChain();
    const { closeTimeS } = chain.closeLedger();
    expect(() => chain.setTime(closeTimeS - 1)).toThrow('only goes forward');
    expect(() => chain.setTime(closeTimeS + 0.5)).toThrow(RangeError);
    expect(() => chain.setTime(2 ** 60)).toThrow(RangeError);
    expect(() => chain.advanceTime(-1)).toThrow(RangeError);
    expect(chain.closeLedger().closeTimeS).toBe(closeTimeS);
  });

  it('begins where it is told, and goes on with the clock', () => {
    const { chain, clock } = startChain({ time: { kind: 'clock', genesisTimeS: 1_000 } });
    expect(chain.history.latest().closeTimeS).toBe(1_000);
    clock.advance(3_000);
    expect(chain.closeLedger().closeTimeS).toBe(1_003);
  });

  it('moves by steps and requests alone where no clock is to move it', () => {
    const genesisTimeS = GENESIS_TIME_S;
    const { chain, clock } = startChain({ time: { kind: 'steps', genesisTimeS, ledgerSeconds: 5 } });
    expect(chain.history.latest().closeTimeS).toBe(genesisTimeS);
    clock.advance(1_000_000);
    expect(chain.closeLedger().closeTimeS).toBe(genesisTimeS + 5);
    chain.advanceTime(100);
    expect(chain.closeLedger().closeTimeS).toBe(genesisTimeS + 110);
    chain.setTime(genesisTimeS + 1_000);
    expect(chain.closeLedger().closeTimeS).toBe(genesisTimeS + 1_000);
    expect(chain.closeLedger().closeTimeS).toBe(genesisTimeS + 1_005);
  });

  it('makes the same ledgers on every clock where no clock moves it', () => {
    const run = (clockMs: number) => {
      const { chain, clock, fund } = startChain({
        time: { kind: 'steps', genesisTimeS: GENESIS_TIME_S, ledgerSeconds: 1 },
      });
      clock.advance(clockMs);
      fund('ann');
      return Buffer.from(chain.history.latest().closed.hash).toString('hex');
    };
    expect(run(0)).toBe(run(123_456_789));
  });
});
