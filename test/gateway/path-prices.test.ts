import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { change, changed, readerChain, readingsOf } from '../support/path-spellings.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { readAnswers, valuesOf } from '../support/strict-http.ts';
import { makeConfig } from './make-config.ts';
import { type Rig, startRig, token } from './rig.ts';

/** The priced path is the forwarded path, and no server behind the gateway reads it as a dearer route than was paid. */

/** Price in units of 0.001 by what is behind the mount; `:` stands for any one segment. An unlisted path costs 1. */
const listed: [path: string, price: number][] = [
  ['/dear', 5_000],
  ['/mixed/dear:now', 5_000],
  ['/city/:', 2],
  ['/city/gold', 5_000],
  ['/city/gold/:', 7_000],
  ['/a.b/silver', 5_000],
  ['/kiss', 5_000],
  ['/issues.json', 5_000],
  ['/caf%C3%A9/~me', 5_000],
  ['/at%5B1%5D', 5_000],
  ['/city/p%7Cq', 5_000],
];
const unlisted = 1;
/** Some of them as browsers and libraries write them. */
const otherwise = ['/caf%c3%a9/~me', '/caf%C3%A9/%7Eme', '/at[1]', '/city/p|q', '/city/%7bx'];

let upstream: RecordingUpstream;
let rig: Rig;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  const list = listed.map(([path, price]) => ({
    match: `GET ${path.replace('/:', '/:any')}`,
    price: `${price / 1_000}`,
  }));
  const api = { origin: upstream.origin, price: '0.001', list };
  rig = await startRig({
    config: makeConfig([
      { ...api, mount: '/a', encodedSlash: true },
      { ...api, mount: '/b/deep', basePath: '/v1' },
    ]),
    balance: '1000000000',
  });
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

function priceOf(path: string): number {
  const segments = path.split('/');
  const literal = listed.find(([text]) => text === path);
  const match = listed.find(([text]) => {
    const wanted = text.split('/');
    return (
      wanted.length === segments.length &&
      wanted.every((name, i) => name === segments[i] || (name === ':' && segments[i] !== ''))
    );
  });
  return (literal ?? match)?.[1] ?? unlisted;
}

const target = fc
  .record({
    form: fc.constantFrom(
      '',
      '',
      '',
      '',
      '',
      'http://gateway.test',
      'http://upstream.test',
      'https://gateway.test',
      '*',
    ),
    mount: fc.constantFrom('/a', '/b/deep'),
    path: fc.constantFrom(...listed.map(([path]) => path.replace('/:', '/oslo')), '/other', '/', ...otherwise),
    changes: fc.array(change, { maxLength: 4 }),
  })
  .map(({ form, mount, path, changes }) => ({ mount, target: form + mount + changes.reduce(changed, path) }));

describe('a call whose path could be read in several ways', () => {
  const prefixOf: Record<string, string> = { '/a': '', '/b/deep': '/v1' };

  it('is refused, or forwarded byte for byte at the price of its dearest reading', async () => {
    let sold = 0;
    await fc.assert(
      fc.asyncProperty(target, readerChain, async ({ mount, target }, names) => {
        const before = upstream.requests.length;
        const head = `GET ${target} HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`;
        const raw = await rig.send(Buffer.from(head, 'latin1'));
        const seen = upstream.requests.slice(before);
        expect(upstream.faults).toEqual([]);
        const answer = readAnswers(raw, ['GET'], true).answers[0];
        if (answer?.status !== 200) {
          expect(raw).toMatch(/^HTTP\/1\.1 4\d\d /);
          expect(seen).toEqual([]);
          return;
        }
        sold++;
        const [path = '', ...query] = target.slice(mount.length).split('?');
        const forwarded = (prefixOf[mount] ?? '') + path || '/';
        expect(seen.map((request) => request.target)).toEqual([[forwarded, ...query].join('?')]);
        const paid = Number(valuesOf(answer.fields, 'callora-price')[0]) * 1_000;
        const dearer = readingsOf(path || '/', names).filter(([, read]) => priceOf(read) > paid + 0.5);
        expect(dearer).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
    // The property says nothing about a gateway that refuses everything.
    expect(sold).toBeGreaterThan(300);
  });
});
