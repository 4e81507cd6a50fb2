/**
 * A `ref` that moves the focus to what has just appeared in the place of what had it, once: a keyboard would otherwise
 * start again at the top of the page, and a screen reader would not say what came.
 */
export function focusOnce(element: HTMLElement | null): void {
  element?.focus();
}
