import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { shortId } from '../shared/format.ts';
import { useGet } from './api.ts';
import type { Live } from './types.ts';

const Explorer = createContext<string | null>(null);

/** Where transactions can be looked at, asked for once. */
export function ExplorerContext({ children }: { children: ComponentChildren }) {
  const { value } = useGet<Live>('live');
  return <Explorer.Provider value={value?.explorer_url ?? null}>{children}</Explorer.Provider>;
}

export function Transaction({ hash }: { hash: string | null }) {
  const explorer = useContext(Explorer);
  if (hash === null) return <span class="soft">–</span>;
  const text = <code title={hash}>{shortId(hash)}</code>;
  if (explorer === null) return text;
  return (
    <a href={explorer.replace('{hash}', hash)} target="_blank" rel="noreferrer">
      {text}
      <span class="hidden"> (opens the explorer)</span>
    </a>
  );
}

export function AccountLink({ address }: { address: string }) {
  return (
    <a href={`#/accounts/${address}`} title={address}>
      <code>{shortId(address)}</code>
    </a>
  );
}

export function PayeeLink({ payee }: { payee: string }) {
  return (
    <a href={`#/payees/${payee}`} title={payee}>
      <code>{shortId(payee)}</code>
    </a>
  );
}

export function BatchLink({ lane, batch }: { lane: number; batch: number }) {
  return (
    <a href={`#/settlement/${lane}/${batch}`}>
      {batch}
      {lane > 0 && <span class="soft"> · lane {lane}</span>}
    </a>
  );
}
