/** Flags that an operation sets or clears, as numbers and as names; nothing where it does neither. */
export function namedFlags(
  verb: 'set' | 'clear',
  flags: number,
  names: ReadonlyMap<number, string>,
): Record<string, unknown> {
  const chosen = [...names].filter(([flag]) => (flags & flag) !== 0);
  if (chosen.length === 0) return {};
  return { [`${verb}_flags`]: chosen.map(([flag]) => flag), [`${verb}_flags_s`]: chosen.map(([, name]) => name) };
}
