import type { ComponentChildren } from 'preact';

export type Fact = [name: string, value: ComponentChildren, wide?: 'wide'];

/** Names and values side by side, as many in a row as fit. */
export function Facts({ facts, inset }: { facts: Fact[]; inset?: boolean }) {
  return (
    <dl class={inset ? 'facts inset' : 'facts'}>
      {facts.map(([name, value, wide]) => (
        <div key={name} class={wide}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
