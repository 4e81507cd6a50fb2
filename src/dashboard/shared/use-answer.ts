import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from './http.ts';

/**
 * What was asked for, kept while it is asked again: a list does not blink at each refresh, and after a failed refresh
 * the last good value stays beside the reason.
 */
export type Loaded<Value> = {
  value: Value | undefined;
  problem: string | undefined;
  loading: boolean;
  refresh(): void;
};

/** Asks when shown, when `key` changes, on `refresh`, and every `everyMs` while the page is visible. */
export function useAnswer<Value>(
  key: string,
  get: (signal: AbortSignal) => Promise<Answer<Value>>,
  everyMs?: number,
): Loaded<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; problem?: string; loading: boolean }>({
    key,
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(get);
  const isAsking = useRef(false);
  latest.current = get;

  useEffect(() => {
    const stop = new AbortController();
    isAsking.current = true;
    setState((old) => (old.key === key ? { ...old, loading: true } : { key, loading: true }));
    void latest.current(stop.signal).then((answer) => {
      if (stop.signal.aborted) return;
      isAsking.current = false;
      setState((old) =>
        answer.ok
          ? { key, value: answer.value, loading: false }
          : { ...(old.key === key ? old : { key }), problem: answer.detail, loading: false },
      );
    });
    return () => stop.abort();
  }, [key, turn]);

  useEffect(() => {
    if (everyMs === undefined) return;
    // A slow answer is waited for: asking anew in between would drop it, again and again.
    const isDue = () => document.visibilityState === 'visible' && !isAsking.current;
    const timer = setInterval(() => isDue() && setTurn((old) => old + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  const refresh = useCallback(() => setTurn((old) => old + 1), []);
  const { value, problem, loading } =
    state.key === key ? state : { value: undefined, problem: undefined, loading: true };
  return { value, problem, loading, refresh };
}
