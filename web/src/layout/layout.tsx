import { type ComponentChildren } from 'preact';
import { type Access, mayReview } from '../access/access.js';
import { useSession } from '../api/session.js';
import { type Theme, useTheme } from './theme.js';

const PAGES = [
  ['', 'Overview'],
  ['samples', 'Samples'],
  ['review', 'Review'],
] as const;

const THEMES: Readonly<Record<Theme, string>> = {
  system: 'Theme of the system',
  light: 'Light theme',
  dark: 'Dark theme',
};

/**
 * What surrounds each page.
 *
 * @param page the first part of the path
 * @param access undefined while nobody is signed in
 */
export function Layout({
  page,
  access,
  children,
}: {
  page: string;
  access: Access | undefined;
  children: ComponentChildren;
}) {
  const { theme, next } = useTheme();
  const { name } = useSession();
  return (
    <>
      <header class="top">
        <button
          type="button"
          class="skip"
          onClick={() => {
            document.getElementById('main')?.focus();
          }}
        >
          Skip to the content
        </button>
        <a class="brand" href="./">
          <img src="./icon.svg" alt="" width="24" height="24" />
          Ground Truth
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([path, title]) => (
            <a key={path} href={path === '' ? './' : path} aria-current={page === path ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <div class="top-end">
          <button
            type="button"
            class="quiet icon"
            onClick={next}
            aria-label={THEMES[theme]}
            title={THEMES[theme]}
          >
            <ThemeSign theme={theme} />
          </button>
          <a class="who" href="account" aria-current={page === 'account' ? 'page' : undefined} dir="auto">
            {name ?? access?.name ?? 'Access'}
          </a>
        </div>
      </header>
      {access && !mayReview(access) && (
        <section class="banner" aria-label="Read only">
          {access.read_only
            ? 'This server reads only: nothing can be corrected or approved here.'
            : 'Your key may not review: this page shows everything it may read, and changes nothing.'}
        </section>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function ThemeSign({ theme }: { theme: Theme }) {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor">
      {theme === 'system' && (
        <>
          <circle cx="10" cy="10" r="6.25" stroke-width="1.5" />
          <path d="M10 3.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" stroke="none" />
        </>
      )}
      {theme === 'light' && (
        <>
          <circle cx="10" cy="10" r="3.5" stroke-width="1.5" />
          <path
            d="M10 1.5v2.5M10 16v2.5M1.5 10H4M16 10h2.5M4 4l1.8 1.8M14.2 14.2 16 16M16 4l-1.8 1.8M5.8 14.2 4 16"
            stroke-width="1.5"
            stroke-linecap="round"
          />
        </>
      )}
      {theme === 'dark' && (
        <path d="M16 11.8A6.6 6.6 0 0 1 8.2 4a6.6 6.6 0 1 0 7.8 7.8z" stroke-width="1.5" />
      )}
    </svg>
  );
}
