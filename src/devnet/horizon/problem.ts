/** Horizon's errors: RFC 7807 documents with its own types. */
import type { ServerResponse } from 'node:http';
import { sendJson } from '../http.ts';

export type HorizonProblem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  extras?: Record<string, unknown>;
};

/** `name` is the last part of the type, such as `transaction_failed`. */
export function problemOf(
  status: number,
  name: string,
  detail: string,
  extras?: Record<string, unknown>,
): HorizonProblem {
  return {
    type: `https://stellar.org/horizon-errors/${name}`,
    title: titleOf(name),
    status,
    detail,
    ...(extras ? { extras } : {}),
  };
}

/** Thrown where a request cannot be answered. */
export class HorizonRefusal extends Error {
  override readonly name = 'HorizonRefusal';
  readonly problem: HorizonProblem;

  constructor(problem: HorizonProblem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export function notFound(detail = 'The resource at the url requested was not found.'): HorizonRefusal {
  return new HorizonRefusal({ ...problemOf(404, 'not_found', detail), title: 'Resource Missing' });
}

export function badRequest(field: string, reason: string): HorizonRefusal {
  const extras = { invalid_field: field, reason };
  return new HorizonRefusal(problemOf(400, 'bad_request', 'The request you sent was invalid in some way.', extras));
}

export function sendProblem(res: ServerResponse, problem: HorizonProblem): void {
  sendJson(res, problem.status, problem, 'application/problem+json; charset=utf-8');
}

/** `transaction_failed` becomes `Transaction Failed`. */
function titleOf(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
