import { describe, expect, it } from 'vitest';
import { diffConfig } from '../../src/catalog/diff.ts';
import { formatProblem } from '../../src/catalog/load.ts';
import { quoteUsage } from '../../src/catalog/quote.ts';
import { units } from '../../src/money.ts';
import { loadGood, problemsOf, withApi } from './folder.ts';

function live(websocket: string, more = '', match = 'GET /live'): string {
  return withApi('routes:', `  - { match: "${match}", websocket: ${websocket}${more} }`);
}

const perMessage = '{ price: "0.001", per: message }';

function problems(yaml: string): string[] {
  return problemsOf(yaml).map((found) => formatProblem({ ...found, file: 'callora.yaml' }));
}

describe('a route with websocket', () => {
  it.each(['connection', 'message', 'minute'])('has its price per %s', (per) => {
    const [route] = loadGood(live(`{ price: "0.001", per: ${per} }`)).apis[0]?.routes ?? [];
    expect(route).toMatchObject({ method: 'GET', template: '/weather/live', priceUnits: 10_000n, websocket: per });
  });

  it('does not take the price of its API, and leaves other routes calls', () => {
    const yaml = `${withApi('price: "0.5"')}    routes:\n      - { match: "GET /live", websocket: ${perMessage} }\n`;
    const [live, rest] = loadGood(yaml).apis[0]?.routes ?? [];
    expect(live).toMatchObject({ priceUnits: 10_000n, websocket: 'message' });
    expect(rest).toMatchObject({ priceUnits: 5_000_000n, websocket: undefined });
  });

  it('may be open to anyone when it is free', () => {
    const [route] = loadGood(live('{ price: "0", per: connection }', ', auth: none')).apis[0]?.routes ?? [];
    expect(route).toMatchObject({ auth: 'none', priceUnits: 0n, websocket: 'connection' });
  });

  it.each([
    [live('{ per: message }'), /routes\[0\]\.websocket\.price is missing.*USDC as text/],
    [live('{ price: 0.001, per: message }'), /websocket\.price .*YAML number/],
    [live('{ price: "0.001" }'), /websocket\.per is missing.*connection \| message \| minute/],
    [live('{ price: "0.001", per: second }'), /websocket\.per is not one of these.*connection \| message \| minute/],
    [live('"0.001"'), /websocket is not a mapping/],
    [live(perMessage, '', 'POST /live'), /match is POST although the route has websocket.*GET \/live/],
    [live(perMessage, '', 'ANY /live'), /match is ANY although the route has websocket/],
    [live(perMessage, ', price: "1"'), /price stands beside websocket.*426/],
    [live(perMessage, ', charge_on: [2xx]'), /charge_on stands beside websocket.*no status/],
    [live(perMessage, ', body_bytes_max: 1KiB'), /body_bytes_max stands beside websocket.*websocket_message_bytes_max/],
    [live(perMessage, ', cacheable: true'), /cacheable stands beside websocket/],
    [live(perMessage, ', auth: none'), /auth is none although the route has a price/],
  ])('is refused with one line that names field and remedy: %#', (yaml, line) => {
    expect(problems(yaml)).toEqual([expect.stringMatching(line)]);
  });

  it('names a misspelt key', () => {
    expect(problems(live('{ price: "0.001", pre: message }')).join()).toMatch(/websocket\.pre is not a known key/);
  });
});

describe('a change of a WebSocket route', () => {
  const usage = [{ api: 'weather', method: 'GET', template: '/weather/live', calls: 3, earned: units(30_000n) }];

  it('is applied by a reload', () => {
    const next = loadGood(live('{ price: "0.001", per: minute }'));
    expect(diffConfig(loadGood(live(perMessage)), next).applied).toEqual(['apis.weather']);
  });

  it('is quoted by the message, and not at all when messages become minutes', () => {
    const now = loadGood(live(perMessage));
    const dearer = quoteUsage(now, loadGood(live('{ price: "0.002", per: message }')), usage);
    expect(dearer.rows[0]).toMatchObject({ earned: '0.003', would_earn: '0.006' });
    const other = quoteUsage(now, loadGood(live('{ price: "0.002", per: minute }')), usage);
    expect(other.rows[0]).toMatchObject({ price: null, reason: 'would be paid by the minute, not by the message' });
  });
});
