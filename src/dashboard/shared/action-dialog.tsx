import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Answer } from './http.ts';

/**
 * A button whose act is asked about first, in a dialog that then shows what came of it. The browser's own dialog keeps the
 * focus inside, closes on Escape and gives the focus back.
 */
export type ActionProps<Result> = {
  /** On the button and, with the question, in the dialog. */
  label: string;
  /** Tells rows apart for screen readers: "Revoke" is read as "Revoke token abc". */
  about?: string | undefined;
  question: string;
  children?: ComponentChildren;
  /** A text to give along, such as a reason. */
  field?: { label: string; required?: boolean };
  danger?: boolean;
  primary?: boolean;
  run(text: string): Promise<Answer<Result>>;
  result(value: Result): ComponentChildren;
  /** When the dialog closes after an act, whatever came of it: lists are read anew. */
  onDone?(): void;
};

type Phase<Result> =
  | { kind: 'asking' }
  | { kind: 'running' }
  | { kind: 'done'; value: Result }
  | { kind: 'failed'; detail: string };

export function Action<Result>(props: ActionProps<Result>) {
  const { label, about, danger, primary } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class={danger ? 'danger' : primary ? 'primary' : undefined}
        aria-label={about === undefined ? undefined : `${label} ${about}`}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      {isOpen && <ActionDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ActionDialog<Result>(props: ActionProps<Result> & { onClose(): void }) {
  const { question, children, field, label, danger, run, result, onDone, onClose } = props;
  const [phase, setPhase] = useState<Phase<Result>>({ kind: 'asking' });
  const [text, setText] = useState('');
  const acted = useRef(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const closer = useRef<HTMLButtonElement>(null);
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);

  async function act(event: Event): Promise<void> {
    event.preventDefault();
    setPhase({ kind: 'running' });
    acted.current = true;
    const answer = await run(text.trim());
    setPhase(answer.ok ? { kind: 'done', value: answer.value } : { kind: 'failed', detail: answer.detail });
  }

  /** Not before: a list read anew may no longer have the row that this dialog belongs to. */
  function close(): void {
    onClose();
    if (acted.current) onDone?.();
  }

  const isOver = phase.kind === 'done';
  // The button that was pressed is gone: the keyboard goes on at the one that is left.
  useEffect(() => {
    if (isOver) closer.current?.focus();
  }, [isOver]);
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={close}>
      <form onSubmit={(event) => void act(event)}>
        <h2 id={titleId}>{question}</h2>
        {!isOver && <div class="dialog-text">{children}</div>}
        {!isOver && field && (
          <label>
            {field.label}
            <input
              value={text}
              required={field.required}
              maxLength={200}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="dialog-result" role="status">
          {phase.kind === 'running' && <p class="soft">Working…</p>}
          {phase.kind === 'failed' && <p class="problem">{phase.detail}</p>}
          {phase.kind === 'done' && result(phase.value)}
        </div>
        <div class="dialog-actions">
          <button ref={closer} type="button" onClick={() => dialog.current?.close()}>
            {isOver ? 'Close' : 'Cancel'}
          </button>
          {!isOver && (
            <button type="submit" class={danger ? 'danger' : 'primary'} disabled={phase.kind === 'running'}>
              {phase.kind === 'failed' ? `${label} again` : label}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
