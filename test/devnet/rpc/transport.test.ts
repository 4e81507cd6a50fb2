import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig } from '../rig.ts';
import { call, postText } from './wire.ts';

/** Requests that are not what they should be, and those that are unusual but right. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const VERSION = '"jsonrpc":"2.0"';
const HEALTH = '"method":"getHealth"';

describe('HTTP', () => {
  it('takes nothing but POST', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await fetch(rig.devnet.rpcUrl, { method });
      expect([answer.status, await answer.text()]).toEqual([405, '']);
      expect(answer.headers.get('accept-post')).toBe('application/json');
    }
  });

  it.each([
    ['text/plain', 415, 'content-type must be application/json\n'],
    ['application/json; charset=latin1', 415, 'invalid content-type charset\n'],
  ])('refuses %s', async (type, status, text) => {
    const answer = await postText(rig.devnet.rpcUrl, '{}', { 'content-type': type });
    expect(answer).toMatchObject({ status, text });
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('takes JSON in UTF-8, said or unsaid', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF8"']) {
      const answer = await postText(rig.devnet.rpcUrl, `{${VERSION},"id":1,${HEALTH}}`, { 'content-type': type });
      expect(answer.status).toBe(200);
    }
  });

  it('reads half a megabyte and no more', async () => {
    const padded = (bytes: number) => `{${VERSION},"id":1,${HEALTH}}`.padEnd(bytes);
    expect((await postText(rig.devnet.rpcUrl, padded(524_288))).status).toBe(200);
    const tooLarge = await postText(rig.devnet.rpcUrl, padded(524_289));
    expect(tooLarge).toMatchObject({ status: 500, text: 'http: request body too large\n' });
  });

  it('answers what is no JSON in plain text', async () => {
    for (const body of ['', '{', 'null and void']) {
      const answer = await postText(rig.devnet.rpcUrl, body);
      expect(answer).toMatchObject({ status: 500, text: '[-32700] invalid request value\n' });
    }
  });
});

const refused: [body: string, id: string, code: number, message: string, data?: unknown][] = [
  ['7', 'null', -32700, 'request is not a JSON object'],
  [`{"id":1,${HEALTH}}`, '1', -32600, 'invalid version marker'],
  [`{"jsonrpc":"1.0","id":"a",${HEALTH}}`, '"a"', -32600, 'invalid version marker'],
  [`{${VERSION},"id":{},${HEALTH}}`, 'null', -32600, 'invalid request ID'],
  [`{${VERSION},"id":true,${HEALTH}}`, 'null', -32600, 'invalid request ID'],
  [`{${VERSION},"id":1}`, '1', -32600, 'empty method name'],
  [`{${VERSION}}`, 'null', -32600, 'empty method name'],
  [`{${VERSION},"id":1,"method":7}`, '1', -32700, 'invalid method name'],
  [`{${VERSION},"id":1,${HEALTH},"params":7}`, '1', -32600, 'parameters must be array or object'],
  [`{${VERSION},"id":1,${HEALTH},"result":7}`, '1', -32600, 'mixed request and reply fields'],
  [`{${VERSION},"id":1,${HEALTH},"more":7}`, '1', -32600, 'extra fields in request', ['more']],
  [`{${VERSION},"id":1,"method":"mintMoney"}`, '1', -32601, 'method not found', 'mintMoney'],
  [`{${VERSION},"id":1,"method":"constructor"}`, '1', -32601, 'method not found', 'constructor'],
  [`{${VERSION},"id":1,"method":"rpc.serverInfo"}`, '1', -32601, 'method not found', 'rpc.serverInfo'],
];

describe('a request', () => {
  it.each(refused)('%s is refused', async (body, id, code, message, data) => {
    const { status, text } = await postText(rig.devnet.rpcUrl, body);
    const error = { code, message, ...(data === undefined ? {} : { data }) };
    expect([status, text]).toEqual([200, `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`]);
  });

  it('gets its id back byte for byte', async () => {
    for (const id of ['1', '1.50', '12345678901234567890', '"\\u0061"', '""', '-0']) {
      const { text } = await postText(rig.devnet.rpcUrl, `{${VERSION},"id":${id},${HEALTH}}`);
      expect(text.startsWith(`{"jsonrpc":"2.0","id":${id},"result":{`)).toBe(true);
    }
  });

  it('without an id takes effect and is not answered', async () => {
    const before = rig.devnet.latestLedger().sequence;
    for (const id of ['', '"id":null,']) {
      const { status, text } = await postText(rig.devnet.rpcUrl, `{${VERSION},${id}"method":"devnet_mine"}`);
      expect([status, text]).toEqual([204, '']);
    }
    expect(rig.devnet.latestLedger().sequence).toBe(before + 2);
  });
});

describe('a batch', () => {
  const batch = async (...members: string[]) => {
    const { status, text } = await postText(rig.devnet.rpcUrl, `[${members.join(',')}]`);
    return { status, list: text === '' ? undefined : (JSON.parse(text) as { id: unknown; error?: object }[]) };
  };
  const health = (id: number) => `{${VERSION},"id":${id},${HEALTH}}`;
  const note = `{${VERSION},${HEALTH}}`;

  it('is answered as a list, those that cannot be called first, notifications not at all', async () => {
    const { list } = await batch(health(1), note, '7', health(2), `{"id":3,${HEALTH}}`);
    expect(list?.map(({ id, error }) => [id, error !== undefined])).toEqual([
      [null, true],
      [3, true],
      [1, false],
      [2, false],
    ]);
  });

  it('of one is a list, of none or of notifications only is answered with nothing', async () => {
    expect((await batch(health(1))).list).toHaveLength(1);
    expect(await batch()).toEqual({ status: 204, list: undefined });
    expect(await batch(note, note)).toEqual({ status: 204, list: undefined });
  });

  it('meets faults call by call', async () => {
    rig.devnet.setFault('getHealth', { kind: 'error', message: 'busy', code: -32001 }, { times: 1 });
    const { list } = await batch(health(1), health(2));
    expect(list?.map(({ error }) => error !== undefined)).toEqual([true, false]);
  });
});

const structField = (what: string, field: string, type: string) =>
  `json: cannot unmarshal ${what} into Go struct field ${field} of type ${type}`;

describe('parameters', () => {
  it.each([
    ['getTransaction', ['abc'], 'json: cannot unmarshal array into Go value of type protocol.GetTransactionRequest'],
    ['getTransaction', { hash: 7 }, structField('number', 'GetTransactionRequest.hash', 'string')],
    ['getEvents', { startLedger: '1' }, structField('string', 'GetEventsRequest.startLedger', 'uint32')],
    ['getEvents', { startLedger: -1 }, structField('number -1', 'GetEventsRequest.startLedger', 'uint32')],
    ['getEvents', { startLedger: 1.5 }, structField('number 1.5', 'GetEventsRequest.startLedger', 'uint32')],
    [
      'getLedgers',
      { startLedger: 2 ** 32 },
      structField('number 4294967296', 'GetLedgersRequest.startLedger', 'uint32'),
    ],
    [
      'getLedgers',
      { pagination: [] },
      structField('array', 'GetLedgersRequest.pagination', 'protocol.LedgerPaginationOptions'),
    ],
    ['getLedgerEntries', { keys: [true] }, structField('bool', 'GetLedgerEntriesRequest.keys', 'string')],
    ['getEvents', { startLedger: 1, pagination: { cursor: 'x' } }, 'invalid event id x'],
    ['getEvents', { startLedger: 1, pagination: { cursor: '' } }, 'invalid event id '],
  ])('%s %j are refused', async (method, params, data) => {
    const { error } = await call(rig.devnet.rpcUrl, method, params);
    expect(error).toEqual({ code: -32602, message: 'invalid parameters', data });
  });

  it('may be null, unknown, or of another case', async () => {
    const params = { STARTLEDGER: 1, endLedger: null, filters: null, pagination: { LIMIT: 1, cursor: null }, more: 1 };
    expect((await call(rig.devnet.rpcUrl, 'getEvents', params)).error).toBeUndefined();
    for (const method of ['getHealth', 'getNetwork', 'getFeeStats', 'getLatestLedger', 'getVersionInfo']) {
      expect((await call(rig.devnet.rpcUrl, method, { xdrFormat: 'morse' })).error).toBeUndefined();
    }
  });

  it('come by position in getTransactions, and there three', async () => {
    expect((await call(rig.devnet.rpcUrl, 'getTransactions', [1, { limit: 1 }, 'json'])).error).toBeUndefined();
    expect((await call(rig.devnet.rpcUrl, 'getTransactions', [1])).error).toEqual({
      code: -32602,
      message: 'got 1 parameters, want 3',
    });
  });
});
