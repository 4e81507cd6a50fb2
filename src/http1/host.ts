/** A name or IPv4 address with an optional port, or a bracketed IPv6 address with one. No user part, no spaces, no commas. */
export function isHost(text: string): boolean {
  if (text.length === 0 || text.length > 255) return false;
  let at = text.charCodeAt(0) === 91 ? bracketEnd(text) : nameEnd(text);
  if (at <= 0) return false;
  if (at === text.length) return true;
  if (text.charCodeAt(at) !== 58) return false;
  at++;
  const port = text.slice(at);
  return port.length <= 5 && isDigits(port) && Number(port) <= 65_535;
}

function nameEnd(text: string): number {
  let i = 0;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    const digit = code >= 48 && code <= 57;
    if (!letter && !digit && code !== 45 && code !== 46 && code !== 95) break;
  }
  return i;
}

function bracketEnd(text: string): number {
  const end = text.indexOf(']');
  if (end < 3) return -1;
  for (let i = 1; i < end; i++) {
    const code = text.charCodeAt(i);
    const hex = (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102);
    if (!hex && code !== 58 && code !== 46) return -1;
  }
  return end + 1;
}

function isDigits(text: string): boolean {
  if (text.length === 0 || text.length > 19) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
