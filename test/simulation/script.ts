/** A short life in which everything happens once that the gateway writes down or asks the network for. */
export const lifeScript: readonly string[] = [
  ...['watch', 'settle', 'deposit', 'watch'],
  ...['call', 'call', 'capped call', 'call', 'call', 'head', 'head', 'end', 'end', 'no head', 'end'],
  ...['exit asked', 'exit sent', 'watch'],
  ...['settle', 'ledger', 'settle', 'watch'],
  ...['call', 'call', 'head', 'head', 'end', 'end', 'ledger', 'settle', 'settle'],
  ...['pay out', 'ledger', 'pay out'],
  ...['request withdrawal', 'watch', 'settle', 'restart', 'call', 'head', 'end', 'withdraw', 'watch', 'settle'],
];
