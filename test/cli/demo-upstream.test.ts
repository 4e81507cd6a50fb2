import { once } from 'node:events';
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

  it.each([
    ['{', 'the body is not JSON'],
    ['null', 'the body is not an object'],
    ['{"messages":[{"role":"user","content":"hi"}]}', 'model must be a text'],
    ['{"model":"demo","messages":[]}', 'messages must end with one whose content is a text'],
    [
      '{"model":"demo","messages":[{"role":"user","content":[]}]}',
      'messages must end with one whose content is a text',
    ],
  ])('refuses the chat request %s in the words of the OpenAI API', async (body, message) => {
    const headers = { 'x-api-key': 'upstream-secret' };
    const answer = await fetch(`${demo.url}/v1/chat/completions`, { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: { message, type: 'invalid_request_error' } });
  });
});

describe('the WebSocket of the demo upstream', () => {
  const headers = { 'x-api-key': 'upstream-secret' };
  // Node's client takes header fields, which the types of browsers do not know.
  const open = (path: string, fields: Record<string, string>) =>
    new WebSocket(`${demo.url.replace('http', 'ws')}${path}`, { headers: fields } as unknown as string[]);

  it('says back what it is told, whatever its length, and ends when it is asked to', async () => {
    const socket = open('/live', headers);
    await once(socket, 'open');
    for (const text of ['hello', 'x'.repeat(300), 'ö'.repeat(40_000)]) {
      socket.send(text);
      const [heard] = (await once(socket, 'message')) as [MessageEvent];
      expect(JSON.parse(String(heard.data))).toEqual({ echo: text });
    }
    socket.close(1000, 'bye');
    const [end] = (await once(socket, 'close')) as [CloseEvent];
    expect([end.code, end.wasClean]).toEqual([1000, true]);
  });

  it.each([
    ['without its secret', '/live', {}],
    ['on any other path', '/echo', headers],
  ])('opens for nobody %s', async (_, path, fields) => {
    const [error] = await once(open(path, fields), 'error');
    expect(error).toBeDefined();
  });
});
