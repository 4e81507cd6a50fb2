/** One line of `callora check`. */
export type Finding = { check: string; state: 'ok' | 'warn' | 'fail'; detail: string };

export function ok(check: string, detail: string): Finding {
  return { check, state: 'ok', detail };
}

/** Works, but a person should know. */
export function warn(check: string, detail: string): Finding {
  return { check, state: 'warn', detail };
}

/** Calls would fail, or money would be at risk. */
export function fail(check: string, detail: string): Finding {
  return { check, state: 'fail', detail };
}
