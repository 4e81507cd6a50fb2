import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Tokens live for 30 days; a world is not used for as long. */
const tokenTtlS = 30 * 86_400;

/** A token for each account, asked of the running gateway as an operator does; one a line. */
export async function issueTokens({ gateway, folder, accounts }) {
  const adminToken = readFileSync(path.join(folder, 'secrets', 'admin.token'), 'utf8').trim();
  const tokens = new Array(accounts.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let at = next++; at < accounts.length; at = next++) {
        const answer = await fetch(`http://127.0.0.1:${gateway.adminPort}/api/tokens`, {
          method: 'POST',
          headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({ account: accounts[at], ttl_s: tokenTtlS }),
        });
        if (!answer.ok) throw new Error(`a token was refused: ${answer.status} ${await answer.text()}`);
        tokens[at] = (await answer.json()).token;
      }
    }),
  );
  return `${tokens.join('\n')}\n`;
}
