import { useState } from 'preact/hooks';

/** Whole UTC days, both ends included. */
export type Period = { from: string; to: string };

export function PeriodForm({ shown, onChange }: { shown: Period; onChange(period: Period): void }) {
  const [from, setFrom] = useState(shown.from);
  const [to, setTo] = useState(shown.to);
  return (
    <form
      class="search"
      aria-label="Period"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ from, to });
      }}
    >
      <label class="row">
        From
        <input type="date" required value={from} max={to} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label class="row">
        to
        <input type="date" required value={to} min={from} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}
