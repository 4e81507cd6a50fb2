import { expect, it } from 'vitest';
import type { Call } from '../../src/dashboard/consumer/gateway.ts';
import { joinPages } from '../../src/dashboard/consumer/joined-pages.ts';

const calls = (...ids: number[]) => ids.map((id) => ({ call: String(id), status: 200 }) as Call);
const ids = (items: Call[] | undefined) => items?.map((item) => Number(item.call));

it('a page read again joins the calls that are shown, without a repeat, and the rows read last count', () => {
  const [again] = calls(7);
  if (!again) throw new Error('no call');
  const joined = joinPages([...calls(9, 8), { ...again, refunded: '0.002' }], { items: calls(7, 6, 5), next: '5' });
  expect(ids(joined?.items)).toEqual([9, 8, 7, 6, 5]);
  expect(joined?.items[2]?.refunded).toBe('0.002');
  expect(joined?.next).toBe('5');
});

it('pages that no longer touch are not put together', () => {
  expect(joinPages(calls(30, 29), { items: calls(7, 6), next: '6' })).toBeUndefined();
});
