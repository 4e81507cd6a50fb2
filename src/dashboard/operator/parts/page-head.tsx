import type { ComponentChildren } from 'preact';

/** A page's title, a line on what it shows, and what can be done to all of it. */
export type PageHeadProps = { title: string; text?: ComponentChildren; children?: ComponentChildren };

export function PageHead({ title, text, children }: PageHeadProps) {
  return (
    <div class="page-head">
      <div>
        <h1>{title}</h1>
        {text && <p class="soft">{text}</p>}
      </div>
      <div class="page-actions">{children}</div>
    </div>
  );
}
