import type { Clock } from '../../src/clock.ts';
import type { Past } from '../../src/devnet/faults/past.ts';
import { behind } from '../../src/devnet/faults/vantage.ts';
import { createHorizon } from '../../src/devnet/horizon/horizon.ts';
import { countsNobody, HORIZON_QUOTA } from '../../src/devnet/horizon/rate-limit.ts';
import type { Exchange } from '../../src/devnet/http.ts';
import type { Chain } from '../../src/devnet/ledger/chain.ts';
import { html, type Line, type LineFault } from './line.ts';

export const horizonUrl = 'http://simulated.invalid/horizon';

/** Stands for `fetch` towards Horizon: the same routes that answer over HTTP, without a socket between. */
export function createHorizonLine(chain: Chain, past: Past, clock: Clock): (line: Line) => typeof fetch {
  const horizon = createHorizon({ chain, clock, baseUrl: () => horizonUrl, limiter: countsNobody(HORIZON_QUOTA) });

  async function look(target: string, fault: LineFault | undefined): Promise<{ status: number; text: string }> {
    const seen = fault?.kind === 'lag' ? behind(chain, past, fault.ledgers) : chain;
    const answer = { status: 0, text: '' };
    const res = {
      setHeader: () => res,
      writeHead(status: number) {
        answer.status = status;
        return res;
      },
      end(text?: string) {
        answer.text = text ?? '';
      },
    };
    const req = { method: 'GET', headers: { accept: 'application/json' }, socket: {} };
    const url = new URL(target.replace(horizonUrl, 'http://simulated.invalid'));
    await horizon.answer({ req, res, url, body: undefined } as unknown as Exchange, seen);
    return answer;
  }

  return (line) => async (url) => {
    await line.before();
    const fault = line.fault('horizon');
    if (fault?.kind === 'refuse') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    if (fault?.kind === 'bad_gateway') return html(502);
    if (fault?.kind === 'error') return new Response('{"title":"Timeout"}', { status: 504 });
    const { status, text } = await look(String(url), fault);
    await line.after();
    if (fault?.kind === 'lose_reply') throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
    if (fault?.kind === 'html_after') return html(504);
    if (fault?.kind === 'cut') return new Response(text.slice(0, Math.floor(text.length / 2)), { status });
    return new Response(text, { status });
  };
}
