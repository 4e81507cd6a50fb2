/**
 * What servers are known to make of a path before they look a route up. Each reader is written from what it stands for
 * (a standard, or a family of servers), and all of them can stand one behind another, as in a chain of proxies.
 */
export type PathReader = (path: string) => string;

/** RFC 3986 section 5.2.4, as written there. */
export function removeDotSegments(path: string): string {
  let input = path;
  let output = '';
  while (input !== '') {
    if (input.startsWith('../')) input = input.slice(3);
    else if (input.startsWith('./') || input.startsWith('/./')) input = input.slice(2);
    else if (input === '/.') input = '/';
    else if (input.startsWith('/../') || input === '/..') {
      input = input === '/..' ? '/' : input.slice(3);
      output = output.slice(0, Math.max(0, output.lastIndexOf('/')));
    } else if (input === '.' || input === '..') input = '';
    else {
      const next = input.indexOf('/', 1);
      output += next === -1 ? input : input.slice(0, next);
      input = next === -1 ? '' : input.slice(next);
    }
  }
  return output;
}

/** As lenient as decoders are: what is no encoding stays, and what is no UTF-8 becomes a replacement character. */
export function decodeOnce(path: string): string {
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (text) => Buffer.from(text.replaceAll('%', ''), 'hex').toString('utf8'));
}

function eachSegment(path: string, read: (segment: string) => string): string {
  return path.split('/').map(read).join('/');
}

export const pathReaders: Record<string, PathReader> = {
  'WHATWG URL': (path) => {
    const url = `http://upstream.test${path.startsWith('/') ? '' : '/'}${path}`;
    return URL.canParse(url) ? new URL(url).pathname : path;
  },
  'RFC 3986': removeDotSegments,
  'decodes once': decodeOnce,
  'decodes twice': (path) => decodeOnce(decodeOnce(path)),
  'decodes what needs no encoding': (path) =>
    path.replace(/%(2[Dd]|2[Ee]|5[Ff]|7[Ee]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])/g, decodeOnce),
  'writes hex in upper case': (path) => path.replace(/%[0-9A-Fa-f]{2}/g, (text) => text.toUpperCase()),
  'encodes what is left raw': (path) => path.replace(/[^!-~]|["<>[\\\]^`{|}]/g, encodeURIComponent),
  'merges slashes': (path) => path.replace(/\/+/g, '/'),
  'cuts parameters': (path) => path.replace(/;[^/]*/g, ''),
  'takes a backslash for a slash': (path) => path.replaceAll('\\', '/'),
  'folds case down': (path) => path.toLowerCase(),
  'folds case up and down': (path) => path.toUpperCase().toLowerCase(),
  'strips dots and spaces behind names': (path) =>
    eachSegment(path, (segment) => segment.replace(/(?<=[^. ])[. ]+$/, '')),
  'trims names': (path) => eachSegment(path, (segment) => segment.trim()),
  'drops a final slash': (path) => (path.length > 1 ? path.replace(/\/+$/, '') : path),
  'ends at a NUL': (path) => path.replace(/\0.*$/s, ''),
  'cuts a format': (path) => path.replace(/\.[^/.]+(\/?)$/, '$1'),
  'cuts all behind a dot in the last name': (path) => path.replace(/\.[^/]*(\/?)$/, '$1'),
  'parses for a query again': (path) => path.replace(/[?#].*$/s, ''),
};
