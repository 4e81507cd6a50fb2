import { localTime } from './format.ts';

export function Time({ at }: { at: string | null }) {
  if (at === null) return <span class="soft">–</span>;
  return (
    <time class="time" dateTime={at} title={at}>
      {localTime(at)}
    </time>
  );
}
