/** The values of all fields of a name, which is given in lower case, in order of arrival. */
export function fieldValues(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === name) values.push(fields[i + 1] ?? '');
  }
  return values;
}
