import { useState } from 'preact/hooks';

export type Theme = 'system' | 'light' | 'dark';

const ITEM = 'ground-truth.theme';
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };

function chosen(): Theme {
  const theme = localStorage.getItem(ITEM);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

/** Shows what was chosen in this browser before; else what the system prefers, which the style sheet sees by itself. */
export function showTheme(theme: Theme = chosen()): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): { readonly theme: Theme; readonly next: () => void } {
  const [theme, setTheme] = useState(chosen);
  return {
    theme,
    next: () => {
      const other = NEXT[theme];
      if (other === 'system') localStorage.removeItem(ITEM);
      else localStorage.setItem(ITEM, other);
      showTheme(other);
      setTheme(other);
    },
  };
}
