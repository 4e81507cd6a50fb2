import type { Api, Route, RouteTable } from './model.ts';
import type { Segment } from './route-grammar.ts';

/** A listed route and its pattern behind the mount; the fallback of an API has no pattern. */
export type RouteEntry = { route: Route; segments: Segment[] | undefined };

type Node = {
  literals: Map<string, Node>;
  param: Node | undefined;
  here: Map<string, Route>;
  rest: Map<string, Route>;
};

type MountNode = { children: Map<string, MountNode>; mounted: Mounted | undefined };

type Mounted = { api: Api; root: Node; fallback: Map<string, Route> };

/**
 * Compiles the routes into one tree per API, found through a tree of mounts; the deepest mount owns a path.
 * Within an API literal comes before `:param` before `*` before the fallback, segment by segment from the left, and a
 * route that fits the path but not the method gives way to the next one that fits both. A tree has one way to each of
 * its nodes, so a look-up visits each node at most once however hostile the path is.
 */
export function createRouteTable(entries: RouteEntry[], apis: Api[]): RouteTable {
  const mounts: MountNode = { children: new Map(), mounted: undefined };
  const byApi = new Map<Api, Mounted>();
  for (const api of apis) {
    const mounted = { api, root: createNode(), fallback: new Map<string, Route>() };
    byApi.set(api, mounted);
    mountNode(mounts, api.mount).mounted = mounted;
  }
  for (const { route, segments } of entries) {
    const mounted = byApi.get(route.api);
    if (!mounted) throw new Error(`route ${route.template} belongs to no mounted API`);
    const methods = segments ? leaf(mounted.root, segments) : mounted.fallback;
    methods.set(route.method, route);
  }

  return {
    match(method, path) {
      const mounted = findMount(mounts, path);
      if (!mounted) return { kind: 'not_found' };
      const { api, root, fallback } = mounted;
      const route = walk(root, path, api.mount.length, method, undefined) ?? pick(fallback, method);
      if (route) return { kind: 'route', route, rest: path.slice(api.mount.length) };
      const allow = methodsOf(mounted, path);
      return allow.length === 0 ? { kind: 'not_found' } : { kind: 'method_not_allowed', allow };
    },
    apiAt: (path) => findMount(mounts, path)?.api,
    methodsAt(path) {
      const mounted = findMount(mounts, path);
      return mounted ? methodsOf(mounted, path) : [];
    },
  };
}

function methodsOf({ api, root, fallback }: Mounted, path: string): string[] {
  const methods = new Set(fallback.keys());
  walk(root, path, api.mount.length, undefined, methods);
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/**
 * `at` is where the next segment's slash stands, or the end of the path. With a method: the first route that takes it.
 * Without one: undefined, and every method of every fitting route goes into `methods`.
 */
function walk(
  node: Node,
  path: string,
  at: number,
  method: string | undefined,
  methods: Set<string> | undefined,
): Route | undefined {
  if (at === path.length) return take(node.here, method, methods);
  const slash = path.indexOf('/', at + 1);
  const end = slash === -1 ? path.length : slash;
  const segment = path.slice(at + 1, end);
  const literal = node.literals.get(segment);
  let route = literal && walk(literal, path, end, method, methods);
  if (!route && segment !== '' && node.param) route = walk(node.param, path, end, method, methods);
  return route ?? take(node.rest, method, methods);
}

function take(found: Map<string, Route>, method: string | undefined, methods: Set<string> | undefined) {
  if (method !== undefined) return pick(found, method);
  for (const name of found.keys()) methods?.add(name);
  return undefined;
}

/** HEAD is sold as GET; ANY takes what no route names. */
function pick(found: Map<string, Route>, method: string): Route | undefined {
  return found.get(method) ?? (method === 'HEAD' ? found.get('GET') : undefined) ?? found.get('ANY');
}

function leaf(root: Node, segments: Segment[]): Map<string, Route> {
  let node = root;
  for (const segment of segments) {
    switch (segment.kind) {
      case 'literal':
        node = childOf(node.literals, segment.text, createNode);
        break;
      case 'param':
        node.param ??= createNode();
        node = node.param;
        break;
      case 'rest':
        return node.rest;
    }
  }
  return node.here;
}

function createNode(): Node {
  return { literals: new Map(), param: undefined, here: new Map(), rest: new Map() };
}

function mountNode(root: MountNode, mount: string): MountNode {
  let node = root;
  for (const text of mount === '' ? [] : mount.slice(1).split('/')) {
    node = childOf(node.children, text, () => ({ children: new Map(), mounted: undefined }));
  }
  return node;
}

function findMount(root: MountNode, path: string): Mounted | undefined {
  let node = root;
  let found = root.mounted;
  let at = 0;
  while (at < path.length) {
    const slash = path.indexOf('/', at + 1);
    const end = slash === -1 ? path.length : slash;
    const child = node.children.get(path.slice(at + 1, end));
    if (!child) break;
    node = child;
    found = child.mounted ?? found;
    at = end;
  }
  return found;
}

function childOf<T>(children: Map<string, T>, key: string, create: () => T): T {
  const child = children.get(key) ?? create();
  children.set(key, child);
  return child;
}
