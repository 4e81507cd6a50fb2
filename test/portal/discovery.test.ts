import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/catalog/model.ts';
import { units } from '../../src/money.ts';
import { llmsText } from '../../src/portal/llms-text.ts';
import { openApi } from '../../src/portal/openapi.ts';

const api = {
  name: 'weather',
  headers: [['x-api-key', 'upstream-secret']],
  upstream: { origins: ['http://10.0.0.7'] },
};

const config = {
  gateway: { publicUrl: 'https://api.example.com' },
  apis: [
    {
      ...api,
      routes: [
        {
          api,
          method: 'GET',
          template: '/weather/forecast/:city',
          priceUnits: units(20_000n),
          auth: 'token',
          description: 'By city',
        },
        { api, method: 'POST', template: '/weather/forecast/:city', priceUnits: units(50_000n), auth: 'token' },
        { api, method: 'GET', template: '/weather/status', priceUnits: units(0n), auth: 'none' },
        {
          api,
          method: 'GET',
          template: '/weather/live',
          priceUnits: units(10_000n),
          websocket: 'message',
          auth: 'token',
        },
        { api, method: 'ANY', template: '/weather/*', priceUnits: units(5_000n), auth: 'token' },
      ],
    },
  ],
} as unknown as Config;

type Operation = { security: unknown[]; responses: object; 'x-payment-info'?: { offers: object[] } };
type Document = { servers: unknown; paths: Record<string, Record<string, Operation> & { parameters: unknown }> };

describe('the OpenAPI document', () => {
  const document = openApi(config, '1.2.3') as Document;

  it('has every sold route with its price, its parameters and the 402 it may answer', () => {
    expect(document.servers).toEqual([{ url: 'https://api.example.com' }]);
    expect(Object.keys(document.paths)).toEqual([
      '/weather/forecast/{city}',
      '/weather/status',
      '/weather/live',
      '/weather/{rest}',
    ]);
    const forecast = document.paths['/weather/forecast/{city}'];
    expect(forecast?.parameters).toEqual([{ name: 'city', in: 'path', required: true, schema: { type: 'string' } }]);
    expect(forecast?.get).toMatchObject({ summary: 'By city', security: [{ token: [] }] });
    expect(forecast?.get?.['x-payment-info']?.offers).toMatchObject([{ amount: '0.002', currency: 'USDC' }]);
    expect(forecast?.get?.responses).toHaveProperty('402');
    expect(forecast?.post?.['x-payment-info']?.offers).toMatchObject([{ amount: '0.005' }]);
  });

  it('says what one price of a WebSocket buys', () => {
    const live = document.paths['/weather/live']?.get;
    expect(live?.responses).toMatchObject({
      '101': { description: 'The WebSocket is open, for 0.001 USDC per message.' },
    });
    expect(live?.responses).not.toHaveProperty('2XX');
    expect(live?.['x-payment-info']?.offers).toMatchObject([{ amount: '0.001', description: /by the message/ }]);
  });

  it('asks nothing for what is free and open', () => {
    const status = document.paths['/weather/status']?.get;
    expect(status?.security).toEqual([]);
    expect(status?.responses).not.toHaveProperty('402');
    expect(status).not.toHaveProperty('x-payment-info');
  });

  it('offers a route for any method with each of the usual ones', () => {
    expect(Object.keys(document.paths['/weather/{rest}'] ?? {})).toEqual(
      expect.arrayContaining(['get', 'post', 'put', 'patch', 'delete']),
    );
  });

  it('has a target for every reference, and says nothing of upstreams', () => {
    const text = JSON.stringify(document);
    for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document);
      expect(target, path).toBeDefined();
    }
    expect(text).not.toMatch(/upstream-secret|10\.0\.0\.7/);
  });
});

describe('llms.txt', () => {
  it('names every route with its price, and how to pay', () => {
    const text = llmsText(config);
    expect(text).toMatch(/^# APIs sold at api\.example\.com\n/);
    expect(text).toContain('- `GET /weather/forecast/:city`: 0.002 USDC. By city\n');
    expect(text).toContain('- `GET /weather/status`: free\n');
    expect(text).toContain('- `GET /weather/live` (WebSocket): 0.001 USDC per message\n');
    expect(text).toContain('https://api.example.com/_callora/deposit');
    expect(text).not.toMatch(/upstream-secret|10\.0\.0\.7/);
  });
});
