import { type ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { visible } from './signs.js';
import { Text } from './text.js';

/** What each page is given. */
export interface PageProps {
  /** Of the job in the address, where there is one. */
  readonly id: string | undefined;
}

/** A page: its title in the window and at its head, and what can be done with the whole of it. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${visible(title)} · Ground Truth`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 tabIndex={-1} dir="auto">
            <Text text={title} />
          </h1>
          {lead !== undefined && <div class="lead">{lead}</div>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
