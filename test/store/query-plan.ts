import type { RawDb } from '../../src/store/raw-db.ts';

/** Everything that is prepared through the connection while `use` runs. */
export function prepared(db: RawDb, use: (db: RawDb) => unknown): string[] {
  const texts: string[] = [];
  use(
    new Proxy(db, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
        return (text: string) => {
          texts.push(text);
          return target.prepare(text);
        };
      },
    }),
  );
  return texts;
}

/** How the planner goes about a statement with any number of parameters, step by step. */
export function planOf(db: RawDb, text: string): string[] {
  const parameters = Object.fromEntries([...text.matchAll(/\$(\w+)/g)].map(([, name]) => [name, 1]));
  const marks = text.match(/\?/g)?.map(() => 1) ?? [];
  const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`);
  const steps = marks.length > 0 ? plan.all(...marks) : plan.all(parameters);
  return steps.map(({ detail }) => detail);
}
