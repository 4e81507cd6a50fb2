import type { Clock } from '../../clock.ts';
import type { Exchange } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import { cutAnswer } from './cut-answer.ts';
import type { Faults } from './faults.ts';
import { createPast } from './past.ts';
import { behind, underPassphrase } from './vantage.ts';

/** What comes before every request but those that set faults. */
export type Gate = {
  /**
   * Lets the request meet its fault. Resolves with the network as it then sees it, or with undefined when the connection
   * has got its fault instead of an answer. Throws FaultError where the server is to answer an error of its own form.
   */
  meet(exchange: Exchange, targets: readonly string[]): Promise<Chain | undefined>;
};

/** `code` is for JSON-RPC. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly code: number | undefined;

  constructor(message: string, code: number | undefined) {
    super(message);
    this.code = code;
  }
}

export function createGate({ faults, chain, clock }: { faults: Faults; chain: Chain; clock: Clock }): Gate {
  const past = createPast(chain);
  return {
    async meet({ req, res }, targets) {
      const fault = faults.next(targets);
      switch (fault?.kind) {
        case undefined:
          return chain;
        case 'refuse':
          req.socket.destroy();
          return undefined;
        case 'delay':
          await clock.sleep(fault.delayMs);
          return chain;
        case 'drop-reply-after-apply':
          // What is sent takes effect in this same turn of the event loop, before the client can see the line go down.
          req.socket.destroy();
          return chain;
        case 'error':
          throw new FaultError(fault.message, fault.code);
        case 'http':
          res.writeHead(fault.status, { 'content-type': 'text/html', ...fault.headers });
          res.end(fault.body ?? '');
          return undefined;
        case 'cut':
          cutAnswer(res, fault.afterBytes);
          return chain;
        case 'lag':
          return behind(chain, past, fault.ledgers);
        case 'passphrase':
          return underPassphrase(chain, fault.passphrase);
      }
    },
  };
}
