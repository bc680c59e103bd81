import { useState } from 'preact/hooks';
import { setSession, useSession } from '../api/session.js';
import { Page } from '../parts/page.js';
import { may, useAccess } from './access.js';
import { NameField } from './name-field.js';
import { faultOfName } from './reviewer-name.js';

/** Who uses the workbench, and what they may do. */
export function AccessPage() {
  const access = useAccess();
  const { key, name: kept } = useSession();
  const [name, setName] = useState(kept ?? '');
  const [fault, setFault] = useState<string>();
  const [isSaved, setSaved] = useState(false);
  return (
    <Page title="Access" lead="Who you are here, and what you may do. Both are kept for this tab only.">
      <section class="card narrow">
        <h2>Name</h2>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const wrong = faultOfName(name.trim());
            setFault(wrong);
            setSaved(wrong === undefined);
            if (wrong === undefined) setSession({ name: name.trim() });
          }}
        >
          <NameField
            value={name}
            fault={fault}
            onInput={(text) => {
              setName(text);
              setSaved(false);
            }}
          />
          <div class="actions">
            <button type="submit" class="primary">
              Use this name
            </button>
            <span role="status">{isSaved ? 'It is used from now on.' : ''}</span>
          </div>
        </form>
      </section>
      <section class="card narrow">
        <h2>Key</h2>
        {access.authentication === 'none' ? (
          <p>This server needs no key: only programs of its own machine reach it.</p>
        ) : (
          <>
            <p>
              You use the key <strong dir="auto">{access.name}</strong>.
            </p>
            <button
              type="button"
              onClick={() => {
                setSession({ key: undefined });
              }}
              disabled={key === undefined}
            >
              Sign out
            </button>
          </>
        )}
        <h3>What you may do</h3>
        <ul class="rights">
          <Right has={may(access, 'export')}>see the overview, and samples with their trails</Right>
          <Right has={may(access, 'review')}>see jobs and their sources</Right>
          <Right has={may(access, 'review') && !access.read_only}>correct and approve</Right>
        </ul>
        {access.read_only && (
          <p>This server reads a database that it does not write: somebody else’s, or a replica.</p>
        )}
      </section>
    </Page>
  );
}

function Right({ has, children }: { has: boolean; children: string }) {
  return (
    <li>
      <span class={has ? 'mark yes' : 'mark no'}>{has ? 'yes' : 'no'}</span> {children}
    </li>
  );
}
