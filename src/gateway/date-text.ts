import type { Clock } from '../clock.ts';

/** The text of a Date field (RFC 9110 section 5.6.7), made anew once a second. */
export function createDateText(clock: Clock): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const nowMs = clock.nowMs();
    const nowSecond = Math.floor(nowMs / 1000);
    if (nowSecond !== second) {
      second = nowSecond;
      text = new Date(nowMs).toUTCString();
    }
    return text;
  };
}
