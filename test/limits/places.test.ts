import { describe, expect, it } from 'vitest';
import type { Api } from '../../src/catalog/model.ts';
import { createPlaces } from '../../src/limits/places.ts';
import { makeConfig } from '../gateway/make-config.ts';

function apiOf(name: string, callsPerAccountMax: number | undefined): Api {
  const [api] = makeConfig([{ origin: 'http://127.0.0.1:1', name, callsPerAccountMax }]).apis;
  if (!api) throw new Error('the configuration has an API');
  return api;
}

describe('places of an account', () => {
  it('are bounded at an API and at all of them together', () => {
    const places = createPlaces<string>();
    const [slow, fast] = [apiOf('slow', 1), apiOf('fast', undefined)];
    expect([places.enter('a', slow, 3), places.enter('a', slow, 3)]).toEqual(['ok', 'api']);
    expect([places.enter('a', fast, 3), places.enter('a', fast, 3), places.enter('a', fast, 3)]).toEqual([
      'ok',
      'ok',
      'gateway',
    ]);
    expect(places.enter('b', slow, 3)).toBe('ok');
  });

  it('are not used up by a call that was refused', () => {
    const places = createPlaces<string>();
    const slow = apiOf('slow', 1);
    places.enter('a', slow, 2);
    for (let n = 0; n < 5; n++) expect(places.enter('a', slow, 2)).toBe('api');
    places.leave('a', slow);
    expect([places.enter('a', slow, 2), places.enter('a', apiOf('fast', undefined), 2)]).toEqual(['ok', 'ok']);
  });
});
