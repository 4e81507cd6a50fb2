/** Horizon's errors: RFC 7807 documents with its own types. */
import type { ServerResponse } from 'node:http';
import { sendDocument } from './document.ts';

export type HorizonProblem = {
  /** Last part of the type's address, such as `transaction_failed`. */
  name: string;
  title: string;
  status: number;
  detail?: string;
  extras?: Record<string, unknown>;
};

/** Thrown where a request cannot be answered. */
export class HorizonRefusal extends Error {
  override readonly name = 'HorizonRefusal';
  readonly problem: HorizonProblem;

  constructor(problem: HorizonProblem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }

  /** As a stream tells it that has begun. */
  get line(): string {
    return `problem: ${this.problem.name}`;
  }
}

export function problemOf(
  status: number,
  name: string,
  detail: string,
  extras?: Record<string, unknown>,
): HorizonProblem {
  return { name, title: titleOf(name), status, detail, ...(extras ? { extras } : {}) };
}

/** Says both reasons there can be, since the answer is the same for them. */
const NOTHING_HERE = 'Either no resource has this address, or nothing of the ledger fits what it asks for.';

export function notFound(detail = NOTHING_HERE): HorizonRefusal {
  return new HorizonRefusal({ ...problemOf(404, 'not_found', detail), title: 'Resource Missing' });
}

export function badRequest(field: string, reason: string): HorizonRefusal {
  const extras = { invalid_field: field, reason };
  return new HorizonRefusal(problemOf(400, 'bad_request', 'The request you sent was invalid in some way.', extras));
}

export function beforeHistory(): HorizonRefusal {
  const title = 'Data Requested Is Before Recorded History';
  const detail = 'What is asked for is older than the oldest ledger that this network still keeps.';
  return new HorizonRefusal({ ...problemOf(410, 'before_history', detail), title });
}

export function notAcceptable(): HorizonRefusal {
  const title = 'An acceptable response content-type could not be provided for this request';
  return new HorizonRefusal({ name: 'not_acceptable', title, status: 406 });
}

export function unsupportedMediaType(): HorizonRefusal {
  const detail = 'A transaction is sent as a form: application/x-www-form-urlencoded or multipart/form-data.';
  return new HorizonRefusal(problemOf(415, 'unsupported_media_type', detail));
}

export function bodyTooLarge(bytesMax: number): HorizonRefusal {
  const detail = `The body of a request has at most ${bytesMax} bytes.`;
  return new HorizonRefusal(problemOf(413, 'request_body_too_large', detail));
}

export function serverError(detail: string): HorizonProblem {
  return { ...problemOf(500, 'server_error', detail), title: 'Internal Server Error' };
}

export function rateLimitExceeded(): HorizonRefusal {
  const detail = 'This address has sent more requests than its limit lets through: see the headers X-RateLimit-*.';
  return new HorizonRefusal(problemOf(429, 'rate_limit_exceeded', detail));
}

const ERRORS = 'https://stellar.org/horizon-errors/';

/** `types` is what the type's address begins with. */
export function sendProblem(res: ServerResponse, { name, ...problem }: HorizonProblem, types = ERRORS): void {
  const document = { type: `${types}${name}`, ...problem };
  sendDocument(res, problem.status, document, 'application/problem+json; charset=utf-8');
}

/** `transaction_failed` becomes `Transaction Failed`. */
function titleOf(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
