/** Tenths of a millisecond up to 100 ms: nearly every call finds its text here. */
const texts = Array.from({ length: 1_000 }, (_, tenths) => textOf(tenths));

/** What the gateway itself has taken of a call, as the Server-Timing field says it: `callora;dur=0.4`. */
export function serverTiming(overheadMs: number): string {
  const tenths = Math.max(0, Math.round(overheadMs * 10));
  return texts[tenths] ?? textOf(tenths);
}

function textOf(tenths: number): string {
  return `callora;dur=${tenths / 10}`;
}
