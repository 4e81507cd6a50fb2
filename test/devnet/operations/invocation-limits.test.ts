import { Contract, SorobanDataBuilder, StrKey, scValToNative, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import type { FootprintChange, Usage } from '../../../src/devnet/host-answers.ts';
import { networkProfiles } from '../../../src/devnet/network-profiles.ts';
import { createHostMetrics } from '../../../src/devnet/operations/host-metrics.ts';
import { budgetProblem, outputProblem } from '../../../src/devnet/operations/invocation-limits.ts';

/** What no contract at hand can be made to exceed: the host's answer, just at a limit and just beyond it. */

const { limits } = networkProfiles.pubnet;
const declared = (writeBytes = 200_000) => ({
  data: new SorobanDataBuilder().setResources(1_000, 0, writeBytes).build(),
  host: { limits },
});

const nothing: Usage = {
  instructions: 0,
  memoryBytes: 0,
  rentFeeStroops: 0n,
  diskReadEntries: 0,
  diskReadBytes: 0,
  writeEntries: 0,
  writeBytes: 0,
  eventsBytes: 0,
};

const instance = new Contract(StrKey.encodeContract(Buffer.alloc(32))).getFootprint();
const code = xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: new xdr.Hash(new Uint8Array(32)) }));

function written(key: xdr.LedgerKey, bytes: number): FootprintChange {
  return { key: key.toXdr(), readOnly: false, entry: new Uint8Array(bytes), ttl: undefined };
}

type Output = { changes?: FootprintChange[]; events?: number[]; eventsBytes?: number; writeBytes?: number };

/** The numbers told, or nothing when all is within limits. */
function problem({ changes = [], events = [], eventsBytes = 0, writeBytes }: Output): unknown {
  const metrics = createHostMetrics();
  const contractEvents = events.map((bytes) => new Uint8Array(bytes));
  const found = outputProblem(
    { changes, contractEvents, usage: { ...nothing, eventsBytes } },
    declared(writeBytes),
    metrics,
  );
  return found && { reason: found.reason, ...told(found.event) };
}

function told({ event }: xdr.DiagnosticEvent): { error: string; text: string; numbers: bigint[] } {
  const { topics, data } = event.body.v0;
  const [text, ...numbers] = scValToNative(data);
  return { error: topics[1]?.toXdr('base64') ?? '', text, numbers };
}

const error = xdr.ScVal.scvError(xdr.ScError.sceBudget(xdr.ScErrorCode.scecExceededLimit)).toXdr('base64');
const exceeded = (text: string, ...numbers: number[]) => ({
  reason: 'resource_limit_exceeded',
  error,
  text: expect.stringContaining(text),
  numbers: numbers.map(BigInt),
});

describe('a run that succeeded is undone', () => {
  it.each([
    ['contract data', instance, limits.dataEntryBytes],
    ['contract code', code, limits.wasmBytes],
  ] as const)('when an entry of %s became larger than the network allows', (what, key, most) => {
    expect(problem({ changes: [written(key, most)] })).toBeUndefined();
    expect(problem({ changes: [written(key, most + 1)] })).toEqual(exceeded(what, most + 1, most));
  });

  it('when all entries together are more bytes than declared, at the first one too many', () => {
    const changes = [written(instance, 60), written(code, 40), written(instance, 7), written(instance, 7)];
    expect(problem({ changes, writeBytes: 114 })).toBeUndefined();
    expect(problem({ changes, writeBytes: 99 })).toEqual(exceeded('written', 100, 99));
  });

  it('when its events, or they and the returned value, are more bytes than the network allows', () => {
    const most = limits.txEventsBytes;
    expect(problem({ events: [most - 8, 4], eventsBytes: most })).toBeUndefined();
    expect(problem({ events: [most - 8, 9, 9], eventsBytes: most + 14 })).toEqual(exceeded('events', most + 1, most));
    expect(problem({ events: [most - 8, 4], eventsBytes: most + 1 })).toEqual(
      exceeded('returned value', most + 1, most),
    );
  });
});

describe('a run that failed', () => {
  const of = (usage: Partial<Usage>) => budgetProblem({ usage: { ...nothing, ...usage } }, declared());

  it('failed for want of instructions or memory only when it used too much of them', () => {
    expect(of({ instructions: 1_000, memoryBytes: limits.txMemoryBytes })).toBeUndefined();
    const instructions = of({ instructions: 1_001, memoryBytes: limits.txMemoryBytes + 1 });
    expect(instructions && told(instructions)).toMatchObject({ error, numbers: [1_001n, 1_000n] });
    const memory = of({ memoryBytes: limits.txMemoryBytes + 1 });
    expect(memory && told(memory)).toMatchObject({ error, text: expect.stringContaining('memory') });
  });
});
