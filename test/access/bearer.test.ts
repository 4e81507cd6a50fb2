import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBearer } from '../../src/access/bearer.ts';

it.each([
  [['Authorization', 'Bearer a.b.c']],
  [['authorization', 'bearer a.b.c']],
  [['Host', 'x', 'AUTHORIZATION', 'BEARER a.b.c', 'Accept', '*/*']],
])('takes the token from %j', (headers) => {
  expect(readBearer(headers)).toEqual({ ok: true, token: 'a.b.c' });
});

it.each([
  [[]],
  [['Host', 'x']],
  [['Cookie', 'access_token=a.b.c']],
  [['X-Api-Key', 'a.b.c']],
  [['Proxy-Authorization', 'Bearer a.b.c']],
  [['Authorization', '']],
  [['Authorization', 'Basic YTpi']],
  [['Authorization', 'a.b.c']],
  [['x-note', 'Authorization', 'y', 'Bearer a.b.c']],
])('finds no token in %j', (headers) => {
  expect(readBearer(headers)).toEqual({ ok: false, reason: 'token_missing' });
});

it.each([
  [['Authorization', 'Bearer a.b.c', 'authorization', 'Bearer a.b.c']],
  [['Authorization', '', 'authorization', 'Bearer a.b.c']],
  [['Authorization', 'Basic YTpi', 'authorization', 'Bearer a.b.c']],
  [['Authorization', 'Bearer']],
  [['Authorization', 'Bearer ']],
  [['Authorization', 'Bearer  a.b.c']],
  [['Authorization', 'Bearer a.b.c ']],
  [['Authorization', 'Bearer a.b.c d']],
  [['Authorization', 'Bearer a.b.c, Bearer d']],
  [['Authorization', 'Bearer a.b.c,d']],
])('refuses %j', (headers) => {
  expect(readBearer(headers)).toEqual({ ok: false, reason: 'token_invalid' });
});

it('never crashes and never gives a token with a space, whatever the headers are', () => {
  const name = fc.oneof(fc.constantFrom('authorization', 'Authorization', 'x'), fc.string());
  const value = fc.oneof(
    fc.string(),
    fc.string().map((text) => `Bearer ${text}`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (fields) => {
      const bearer = readBearer(fields.flat());
      if (bearer.ok) expect(bearer.token).toMatch(/^[^ ,]+$/);
    }),
  );
});
