import { useEffect, useState } from 'preact/hooks';

/** The page shown is named by the address behind `#/`: `#/accounts/GABC…` is `['accounts', 'GABC…']`. */
export function useRoute(): string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = () => setHash(location.hash);
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  return hash
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decoded(part));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
