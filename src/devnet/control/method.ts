import type { z } from 'zod';

/** A method of the control surface: how its parameters are read, and what it does with them. */
export type ControlMethod = { params: z.ZodType; run(params: unknown): unknown };

/** Keeps the parameters' type between the two. */
export function method<Schema extends z.ZodType>(
  params: Schema,
  run: (params: z.output<Schema>) => unknown,
): ControlMethod {
  return { params, run: (read) => run(read as z.output<Schema>) };
}
