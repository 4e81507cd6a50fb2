import type { RawDb, Write } from './raw-db.ts';

/** The dictionary of what was ever sold: charge rows name a route by its number, receipts by its text. */
export type StoredRoute = { api: string; payee: string; method: string; template: string };

export type Routes = {
  /** The number of this route, made on first sight. A new payee or template is a new route. */
  ensure(route: StoredRoute): number;
  /** Whether a route of this API was ever sold. */
  hasApi(api: string): boolean;
};

export function createRoutes(db: RawDb, write: Write): Routes {
  const find = db
    .prepare<StoredRoute, number>(
      'SELECT id FROM routes WHERE api = $api AND payee = $payee AND method = $method AND template = $template',
    )
    .pluck();
  const insert = db.prepare<StoredRoute>(
    'INSERT INTO routes (api, payee, method, template) VALUES ($api, $payee, $method, $template)',
  );
  const ofApi = db.prepare<[string], number>('SELECT 1 FROM routes WHERE api = ? LIMIT 1').pluck();
  return {
    hasApi: (api) => ofApi.get(api) === 1,
    ensure({ api, payee, method, template }) {
      const route = { api, payee, method, template };
      return find.get(route) ?? write(() => Number(insert.run(route).lastInsertRowid));
    },
  };
}
