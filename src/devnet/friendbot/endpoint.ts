/** GET or POST /friendbot: the address comes as `addr`, in the query or in a form. */
import { HAL, sendDocument } from '../horizon/document.ts';
import { type HorizonProblem, problemOf, sendProblem, serverError } from '../horizon/problem.ts';
import { transactionResource } from '../horizon/transaction-resource.ts';
import type { Exchange } from '../http.ts';
import type { Friendbot } from './friendbot.ts';
import { FriendbotRefusal } from './refusal.ts';

const ERRORS = 'https://stellar.org/friendbot-errors/';

/**
 * Answers more than friendbot: all that Horizon says of the transaction, which older clients read, and not only
 * whether it was successful, its hash and its envelope. `base` is what its links begin with.
 */
export async function answerFriendbot(exchange: Exchange, friendbot: Friendbot, base: string): Promise<void> {
  const { req, res, url, body = '' } = exchange;
  if (req.method !== 'GET' && req.method !== 'POST') return void res.writeHead(405).end();
  const address = url.searchParams.get('addr') ?? new URLSearchParams(body).get('addr') ?? '';
  try {
    sendDocument(res, 200, transactionResource(await friendbot.fund(address), base), HAL);
  } catch (error) {
    if (!(error instanceof FriendbotRefusal)) throw error;
    sendProblem(res, problemOfRefusal(error), ERRORS);
  }
}

function problemOfRefusal({ kind, message }: FriendbotRefusal): HorizonProblem {
  switch (kind) {
    case 'funded':
      return problemOf(400, 'bad_request', message);
    case 'address':
      return problemOf(400, 'bad_request', 'The request you sent was invalid in some way.', {
        invalid_field: 'addr',
        reason: message,
      });
    case 'failed':
      return serverError(message);
  }
}
