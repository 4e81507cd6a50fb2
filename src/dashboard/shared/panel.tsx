import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export type PanelProps = {
  title: string;
  /** Beside the title: a figure, a button. */
  aside?: ComponentChildren;
  children: ComponentChildren;
  /** Without space around its content: for tables, which bring their own. */
  flush?: boolean;
};

export function Panel({ title, aside, children, flush }: PanelProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      <div class={flush ? 'panel-flush' : 'panel-body'}>{children}</div>
    </section>
  );
}

/** What stands in a place whose content is on its way, or did not come. */
export function Waiting({ problem }: { problem: string | undefined }) {
  if (problem === undefined) return <div class="empty soft">Loading…</div>;
  return (
    <div class="empty problem" role="alert">
      {problem}
    </div>
  );
}

/** Above content that is shown still, though its refresh failed. */
export function Stale({ problem }: { problem: string | undefined }) {
  if (problem === undefined) return null;
  return (
    <p class="stale" role="alert">
      Not up to date: {problem}
    </p>
  );
}
