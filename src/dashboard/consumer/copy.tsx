import { useEffect, useRef, useState } from 'preact/hooks';

/** A text to take along: it can be selected with the keyboard too, where the browser gives no clipboard. */
export function Copy({ label, text, lines = 1 }: { label: string; text: string; lines?: number }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  async function copy() {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Without a clipboard (a page over plain http) the text is selected, which is half the way.
    }
  }
  return (
    <div class="copy">
      <textarea ref={field} class="code" readOnly rows={lines} value={text} aria-label={label} />
      <button type="button" onClick={() => void copy()} aria-label={`Copy ${label.toLowerCase()}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
      <span class="hidden" aria-live="polite">
        {copied ? 'Copied' : ''}
      </span>
    </div>
  );
}
