/**
 * A browser sends cookies to every port of a host, so the operator's session on the admin listener comes along with calls
 * to a gateway on the same host. Cookies under the gateway's own names are therefore neither shown to upstreams nor taken
 * from them.
 */

const ownName = 'callora';

/** The Cookie field without our own, or '' when nothing is left. */
export function withoutOwnCookies(value: string): string {
  if (!value.includes(ownName)) return value;
  return value
    .split(';')
    .filter((pair) => !isOwn(pair))
    .join(';')
    .trim();
}

/** True for a Set-Cookie field that would put one of our cookies into a browser. */
export function setsOwnCookie(value: string): boolean {
  return value.includes(ownName) && isOwn(value);
}

/** Browsers leave out blanks before a name, and the equals sign of a cookie without one: `=callora_admin=x` sets ours. */
function isOwn(pair: string): boolean {
  let start = 0;
  while (start < pair.length && (pair[start] === ' ' || pair[start] === '\t' || pair[start] === '=')) start++;
  const name = pair.slice(start).replace(/^__(?:Host|Secure)-/i, '');
  return name.startsWith(`${ownName}_`) || name.startsWith(`${ownName}-`) || name.startsWith(`${ownName}=`);
}
