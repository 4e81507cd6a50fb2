/**
 * RFC 4180 for people who open it in a spreadsheet: CRLF after every row, quotes where they are needed, and no cell
 * that a spreadsheet would run as a formula.
 */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/**
 * Paths, names and memos come from others: one that begins like a formula gets an apostrophe before it. Some spreadsheets
 * read the wide signs of East Asian scripts like the narrow ones.
 */
const startsLikeFormula = /^[=+\-@\t\r\n＝＋－＠]/;
/** Amounts and counts stay numbers, negative ones too: a number is no formula. */
const plainDecimal = /^-?[0-9]+(\.[0-9]+)?$/;
const wantsQuotes = /[",\r\n]/;

export function csvCell(value: string): string {
  const safe = startsLikeFormula.test(value) && !plainDecimal.test(value) ? `'${value}` : value;
  return wantsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
