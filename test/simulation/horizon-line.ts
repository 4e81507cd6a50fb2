import type { Clock } from '../../src/clock.ts';
import type { Past } from '../../src/devnet/faults/past.ts';
import { createHorizon } from '../../src/devnet/horizon/horizon.ts';
import { countsNobody, HORIZON_QUOTA } from '../../src/devnet/horizon/rate-limit.ts';
import type { Exchange } from '../../src/devnet/http.ts';
import type { Chain } from '../../src/devnet/ledger/chain.ts';
import { type Line, type LineFault, refused, silence, spoilt, viewOf } from './line.ts';

export const horizonUrl = 'http://simulated.invalid/horizon';

/** Stands for `fetch` towards Horizon: the same routes that answer over HTTP, without a socket between. */
export function createHorizonLine(chain: Chain, past: Past, clock: Clock): (line: Line) => typeof fetch {
  const horizon = createHorizon({ chain, clock, baseUrl: () => horizonUrl, limiter: countsNobody(HORIZON_QUOTA) });

  async function look(target: string, fault: LineFault | undefined): Promise<{ status: number; text: string }> {
    const seen = viewOf(chain, past, fault);
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

  return (line) => async (url, init) => {
    await line.before();
    const fault = line.fault('horizon');
    const early = refused(fault) ?? (fault?.kind === 'silent' ? await silence(init) : undefined);
    if (early) return early;
    if (fault?.kind === 'error') return new Response('{"title":"Timeout"}', { status: 504 });
    const { status, text } = await look(String(url), fault);
    await line.after();
    if (fault?.kind === 'silent_after') return silence(init);
    return spoilt(fault, text, status);
  };
}
