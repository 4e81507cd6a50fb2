import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DemoUpstream, startDemoUpstream } from '../../src/cli/demo-upstream.ts';
import { fakeClock } from '../../src/clock.ts';

let demo: DemoUpstream;

beforeEach(async () => {
  demo = await startDemoUpstream({ secret: 'upstream-secret', clock: fakeClock() });
});

afterEach(() => demo.close());

function ask(path: string, headers: Record<string, string> = { 'x-api-key': 'upstream-secret' }): Promise<Response> {
  return fetch(`${demo.url}${path}`, { headers });
}

describe('the demo upstream', () => {
  it('answers only whoever knows its secret, as an API owner’s service would', async () => {
    expect((await ask('/status', {})).status).toBe(401);
    expect((await ask('/status', { 'x-api-key': 'guess' })).status).toBe(401);
    expect((await ask('/status')).status).toBe(200);
  });

  it('knows each path in one spelling, so that no second one looks cheaper', async () => {
    for (const path of ['/status/', '/forecast/oslo/extra', '/forecast/', '/Status', '/']) {
      expect((await ask(path)).status, path).toBe(404);
    }
  });

  it('has the same weather for the same city, and answers bytes that are no text', async () => {
    const [first, again] = await Promise.all([ask('/forecast/oslo'), ask('/forecast/oslo')]);
    expect(await first.json()).toEqual(await again.json());
    expect((await ask('/forecast/%FF')).status).toBe(200);
  });
});
