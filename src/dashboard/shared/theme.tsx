import { useLayoutEffect, useState } from 'preact/hooks';

/** Light and dark follow the system until the reader chooses; the choice is kept in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'callora-theme';
const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

function savedTheme(): Theme {
  const text = localStorage.getItem(key);
  return text === 'light' || text === 'dark' ? text : 'system';
}

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(savedTheme);
  // Before the page is drawn: colours do not flash.
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(key, theme);
  }, [theme]);
  return (
    <button type="button" class="quiet" onClick={() => setTheme(next[theme])} aria-label={`Colours: ${theme}. Change`}>
      <span aria-hidden="true">{theme === 'system' ? '◐' : theme === 'light' ? '○' : '●'}</span>
      <span class="wide-only">{theme === 'system' ? 'Auto' : theme === 'light' ? 'Light' : 'Dark'}</span>
    </button>
  );
}
