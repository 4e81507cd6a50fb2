/** Words for people; values stay as the API gave them. */

/** `GABC…WXYZ`: enough to tell addresses and hashes apart in a list; the whole text goes into the title. */
export function shortId(text: string): string {
  return text.length <= 14 ? text : `${text.slice(0, 6)}…${text.slice(-4)}`;
}

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** In the reader's own time zone. */
export function localTime(iso: string): string {
  return dayAndTime.format(new Date(iso)).replace(', ', ' ');
}

/** Whole numbers in groups of three: `12 345`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}
