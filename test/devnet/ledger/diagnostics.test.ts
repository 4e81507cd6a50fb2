import { Operation, scValToNative, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { diagnosticError } from '../../../src/devnet/ledger/diagnostics.ts';
import { startChain } from '../chain-rig.ts';

describe('the reason of a refusal', () => {
  const code = xdr.ScErrorCode.scecExceededLimit;
  const bodyOf = ({ event }: xdr.DiagnosticEvent) => event.body.v0;

  it('is an error event with a text, and with the numbers it speaks of', () => {
    expect(scValToNative(bodyOf(diagnosticError('sceBudget', code, 'too much')).data)).toBe('too much');
    const { topics, data } = bodyOf(diagnosticError('sceBudget', code, 'too much', [7n, 5n]));
    expect(scValToNative(data)).toEqual(['too much', 7n, 5n]);
    expect(topics[0]?.toXdr('base64')).toBe(xdr.ScVal.scvSymbol('error').toXdr('base64'));
    expect(topics[1]?.toXdr('base64')).toBe(xdr.ScVal.scvError(xdr.ScError.sceBudget(code)).toXdr('base64'));
  });

  it('comes with the answer to a transaction whose form is wrong, and not with codes that say all', () => {
    const rig = startChain();
    const ann = rig.fund('ann');
    const twice = [0, 1].map(() => Operation.extendFootprintTtl({ extendTo: 9 }));
    const malformed = rig.submit(ann, twice).answer;
    expect(malformed.status === 'ERROR' && malformed.diagnostics.length).toBe(1);
    const late = rig.submit(ann, [Operation.bumpSequence({ bumpTo: '0' })], { sequence: 1n }).answer;
    expect(late.status === 'ERROR' && late.diagnostics).toEqual([]);
  });
});
