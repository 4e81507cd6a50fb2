import { CliError } from './exit-codes.ts';

/** Requests to a gateway's public side, for the consumer's commands. */
export type GatewayRequest = {
  token?: string | undefined;
  /** Sent as JSON with POST. */
  body?: unknown;
};

const timeoutMs = 20_000;
/** No honest answer of the portal is larger. */
const answerCharsMax = 1_000_000;

export async function askGateway(
  gateway: string,
  path: string,
  request: GatewayRequest & { as: 'text' },
): Promise<string>;
export async function askGateway(
  gateway: string,
  path: string,
  request?: GatewayRequest,
): Promise<Record<string, unknown>>;
export async function askGateway(
  gateway: string,
  path: string,
  request: GatewayRequest & { as?: 'text' } = {},
): Promise<string | Record<string, unknown>> {
  const url = new URL(path, gateway);
  const headers: Record<string, string> = {};
  if (request.token !== undefined) headers.authorization = `Bearer ${request.token}`;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  const answer = await send(url, {
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    ...(request.body === undefined ? {} : { method: 'POST', body: JSON.stringify(request.body) }),
  });
  if (answer.text.length > answerCharsMax) throw new CliError('refused', `${url.href} answered with too much text`);
  if (request.as === 'text' && answer.ok) return answer.text;
  const parsed = parseObject(answer.text);
  if (!answer.ok) {
    const code = typeof parsed?.code === 'string' ? ` (${parsed.code})` : '';
    const detail = parsed?.detail ?? parsed?.title ?? answer.text.slice(0, 200);
    throw new CliError('refused', `${url.origin} answered ${answer.status}${code}: ${String(detail)}`);
  }
  if (!parsed)
    throw new CliError('refused', `${url.href} is no Callora gateway: it answered with something else than JSON`);
  return parsed;
}

async function send(url: URL, init: RequestInit): Promise<{ ok: boolean; status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    throw new CliError(
      'unreachable',
      `no answer from ${url.origin}: ${reasonOf(error)}`,
      'Check the address and that the gateway runs.',
      { cause: error },
    );
  }
}

/** fetch says `fetch failed` and keeps the reason in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? `${cause.message || String(cause.code)}` : cause.message;
  return error.message;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
