import { describe, expect, it } from 'vitest';
import { callOrigin, type Service } from '../../src/dashboard/consumer/gateway.ts';

function service(page: string, catalog: string): Service {
  const links = { page: `${page}/_callora/app/`, catalog: `${catalog}/_callora/catalog` };
  return { links } as Service;
}

describe('where the page says that calls go', () => {
  it('is where it stands, also when the gateway is reached under a name it does not know', () => {
    expect(callOrigin(service('https://api.test', 'https://api.test'), 'https://api.test')).toBe('https://api.test');
    expect(callOrigin(service('https://api.test', 'https://api.test'), 'http://localhost:8402')).toBe(
      'http://localhost:8402',
    );
    expect(callOrigin(undefined, 'https://api.test')).toBe('https://api.test');
  });

  it('is elsewhere when the gateway has a host for pages, and this is it', () => {
    expect(callOrigin(service('https://pay.test', 'https://api.test'), 'https://pay.test')).toBe('https://api.test');
  });
});
