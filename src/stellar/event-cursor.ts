/** The ledger a cursor stands in: its first part counts ledgers in the upper 32 of 64 bits. */
export function cursorLedger(cursor: string): number | undefined {
  const match = /^(\d{1,20})-\d+$/.exec(cursor);
  return match?.[1] === undefined ? undefined : Number(BigInt(match[1]) >> 32n);
}
