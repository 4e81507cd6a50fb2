/** What went wrong, read out when it appears. */
export function Problem({ text }: { text: string }) {
  return <div role="alert">{text && <p class="note bad">{text}</p>}</div>;
}
