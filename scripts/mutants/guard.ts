/** One guard of the product, and the change that takes it away. */
export type Guard = {
  /** Of its own: the invariant, and a letter where an invariant has several guards. */
  id: string;
  /** The invariant it keeps, as docs/guarantees.md names it. */
  invariant: string;
  /** What the guard does, in a few words. */
  guard: string;
  /** The file it stands in, and the text there: exactly once, or nobody knows what would be weakened. */
  file: string;
  search: string;
  replacement: string;
  /** The test file that must fail without it, and a part of the test's name. */
  test: string;
  name: string;
  /** Text that the failure must have where it is no assertion of the test's own, such as a promise that was refused. */
  failure?: string;
};

/** Why a patch cannot be made: the guard has moved, or it is no longer told from another text. */
export function patchFault({ id, file, search }: Guard, source: string): string | undefined {
  const count = source.split(search).length - 1;
  if (count === 1) return undefined;
  const found = count === 0 ? 'is not there' : `is there ${count} times`;
  return `${id}: its guard has moved: in ${file} this text ${found}: ${search}`;
}

export function patched({ search, replacement }: Guard, source: string): string {
  return source.split(search).join(replacement);
}
