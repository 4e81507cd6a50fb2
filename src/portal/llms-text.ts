import type { Config } from '../catalog/model.ts';
import { formatUsdc } from '../money.ts';

/** What a program that reads text needs to call and to pay here, in the form of llms.txt: a title, a summary, links. */
export function llmsText(config: Config): string {
  const { publicUrl } = config.gateway;
  const link = (path: string) => `${publicUrl}${path}`;
  const apis = config.apis.flatMap((api) => [
    '',
    `## ${api.name}`,
    '',
    ...api.routes.map(({ method, template, priceUnits, websocket, description }) => {
      const per = websocket === undefined ? '' : ` per ${websocket}`;
      const price = priceUnits === 0n ? 'free' : `${formatUsdc(priceUnits)} USDC${per}`;
      const kind = websocket === undefined ? '' : ' (WebSocket)';
      return `- \`${method} ${template}\`${kind}: ${price}${description === undefined ? '' : `. ${description}`}`;
    }),
  ]);
  return [
    `# APIs sold at ${new URL(publicUrl).host}`,
    '',
    '> Each call is paid from a prepaid balance in USDC on Stellar. Send `authorization: Bearer TOKEN`; an answer carries',
    '> `callora-price` and `callora-balance`. A refused call costs nothing. On 402, `pay` in the body lists the ways to pay.',
    '',
    `- [OpenAPI](${link('/_callora/openapi.json')}): every route with its price`,
    `- [Price list](${link('/_callora/catalog')}): the same as short JSON`,
    `- [Login](${link('/_callora/login')}): SEP-10, a token for a signed challenge`,
    `- [Deposit](${link('/_callora/deposit')}): how to pay in`,
    `- [Errors](${link('/_callora/errors/balance_too_low')}): every code has a page like this one`,
    ...apis,
    '',
  ].join('\n');
}
