import { type ErrorCode, errorTable } from '../errors.ts';
import { errorHelp } from './error-help.ts';

/** What the `type` of every problem points at. */
export function errorPage(code: ErrorCode): { json: unknown; html: string } {
  const [status, title] = errorTable[code];
  const { when, remedy } = errorHelp[code];
  const json = { code, status, title, when, remedy };
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(code)}</title>
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1><code>${escapeHtml(code)}</code></h1>
<p>HTTP ${status}: ${escapeHtml(title)}.</p>
<h2>When</h2>
<p>${escapeHtml(when)}</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
</body>
</html>
`;
  return { json, html };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
