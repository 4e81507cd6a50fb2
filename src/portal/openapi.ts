import type { Config, Route } from '../catalog/model.ts';
import { formatUsdc } from '../money.ts';

/**
 * The sold routes as an OpenAPI document, so that clients and agents can be made from it: the gateway is the server, and
 * each paid operation says what it costs and that it may be answered with 402. What a body or an answer holds is the
 * sold API's own affair and stands in its own document.
 */
export function openApi(config: Config, version: string): unknown {
  const { publicUrl } = config.gateway;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const api of config.apis) {
    for (const route of api.routes) {
      const { path, parameters } = pathOf(route.template);
      const operations: Record<string, unknown> = { parameters, ...paths[path] };
      for (const method of methodsOf(route)) operations[method] = operationOf(api.name, route);
      paths[path] = operations;
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: `APIs sold at ${new URL(publicUrl).host}`, version },
    servers: [{ url: publicUrl }],
    'x-service-info': { docs: { homepage: `${publicUrl}/_callora/`, apiReference: `${publicUrl}/_callora/catalog` } },
    tags: config.apis.map((api) => ({ name: api.name })),
    paths,
    components: {
      securitySchemes,
      parameters: { idempotencyKey },
      responses: { problem: problemResponse, paymentRequired },
    },
  };
}

const securitySchemes = {
  token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of this gateway.' },
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A text of your own: the same request with the same key is sent and charged once, and then answered again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
  },
};

const problemResponse = {
  description: 'The gateway refused the call; it cost nothing.',
  content: { 'application/problem+json': { schema: problem } },
};

const amount = { type: 'string', description: 'Decimal USDC.' };

const paymentRequired = {
  description: 'The balance, the limit or the cap does not cover the price; `pay` lists the ways to pay in.',
  content: {
    'application/problem+json': {
      schema: {
        ...problem,
        properties: {
          ...problem.properties,
          price: amount,
          available: amount,
          shortfall: amount,
          pay: { type: 'array', items: { type: 'object', required: ['kind'] } },
        },
      },
    },
  },
};

function operationOf(api: string, route: Route): unknown {
  const paid = route.priceUnits > 0n;
  const price = formatUsdc(route.priceUnits);
  const offer = {
    intent: 'charge',
    method: 'callora',
    amount: price,
    currency: 'USDC',
    description: `From the prepaid balance of the account, by the ${route.websocket ?? 'call'}.`,
  };
  return {
    tags: [api],
    summary:
      route.description ??
      (route.method === 'ANY' ? `Any call of ${route.template}` : `${route.method} ${route.template}`),
    ...(takesKey(route) ? { parameters: [{ $ref: '#/components/parameters/idempotencyKey' }] } : {}),
    security: route.auth === 'none' ? [] : [{ token: [] }],
    ...(paid ? { 'x-payment-info': { offers: [offer] } } : {}),
    responses: {
      ...answerOf(route, paid ? `, for ${price} USDC` : ''),
      ...(paid ? { '402': { $ref: '#/components/responses/paymentRequired' } } : {}),
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

/** Keys belong to accounts, and to calls that have an end. */
function takesKey({ auth, websocket }: Route): boolean {
  return auth === 'token' && websocket === undefined;
}

/** OpenAPI has no word for a WebSocket but the status it opens with. */
function answerOf({ websocket }: Route, price: string): Record<string, unknown> {
  if (websocket === undefined) return { '2XX': { description: `The answer of the API${price}.` } };
  return { '101': { description: `The WebSocket is open${price === '' ? '' : `${price} per ${websocket}`}.` } };
}

/** A route for any method is offered with those that clients are made for. */
function methodsOf({ method }: Route): string[] {
  return method === 'ANY' ? ['get', 'post', 'put', 'patch', 'delete'] : [method.toLowerCase()];
}

/** `:city` is a parameter; so is the rest behind `*`, slashes included, which OpenAPI has no word for. */
function pathOf(template: string): { path: string; parameters: unknown[] } {
  const names: string[] = [];
  const path = template
    .split('/')
    .map((segment) => {
      const name = segment === '*' ? 'rest' : segment.startsWith(':') ? segment.slice(1) : undefined;
      if (name === undefined) return segment;
      names.push(name);
      return `{${name}}`;
    })
    .join('/');
  return { path, parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) };
}
