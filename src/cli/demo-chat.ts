import type http from 'node:http';
import type { Clock } from '../clock.ts';

/**
 * A language model's interface without a language model: the chat-completions shape of the OpenAI API, answered with
 * the caller's own words, so that a stock client can be pointed at the gateway. `usage` counts words, not tokens.
 */
export type ChatRequest = { model: string; text: string; stream: boolean };

/** Reads what this stand-in understands of a request; a text says what is wrong with it. */
export function readChat(body: string): ChatRequest | string {
  let fields: unknown;
  try {
    fields = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  if (typeof fields !== 'object' || fields === null) return 'the body is not an object';
  const { model, messages, stream } = fields as Record<string, unknown>;
  if (typeof model !== 'string') return 'model must be a text';
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content = typeof last === 'object' && last !== null && 'content' in last ? last.content : undefined;
  if (typeof content !== 'string') return 'messages must end with one whose content is a text';
  return { model, text: content, stream: stream === true };
}

/** Pause between two pieces of a streamed answer: long enough that they leave one by one, ms. */
const pieceMs = 20;

export async function answerChat(res: http.ServerResponse, chat: ChatRequest, clock: Clock): Promise<void> {
  const created = Math.floor(clock.nowMs() / 1_000);
  const base = { id: `chatcmpl-demo-${created}`, created, model: chat.model };
  const words = `You said: ${chat.text}`.split(/(?<=\s)(?=\S)/);
  if (!chat.stream) {
    const message = { role: 'assistant', content: words.join('') };
    const said = chat.text.split(/\s+/).filter(Boolean).length;
    const usage = { prompt_tokens: said, completion_tokens: words.length, total_tokens: said + words.length };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(`${JSON.stringify({ ...base, object: 'chat.completion', choices, usage })}\n`);
    return;
  }
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const send = (delta: Record<string, string>, finish_reason: string | null) => {
    const choices = [{ index: 0, delta, finish_reason }];
    res.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices })}\n\n`);
  };
  send({ role: 'assistant', content: '' }, null);
  for (const content of words) {
    if (gone.signal.aborted) return;
    send({ content }, null);
    await clock.sleep(pieceMs, gone.signal);
  }
  send({}, 'stop');
  res.end('data: [DONE]\n\n');
}
