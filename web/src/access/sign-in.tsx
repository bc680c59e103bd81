import { useState } from 'preact/hooks';
import { type ApiError } from '../api/client.js';
import { session, setSession } from '../api/session.js';
import { Page } from '../parts/page.js';
import { NameField } from './name-field.js';
import { faultOfName } from './reviewer-name.js';

/** Shown in place of any page where the server needs a key and there is none, or one that it does not accept. */
export function SignIn({ error }: { error: ApiError }) {
  const before = session();
  const [key, setKey] = useState('');
  const [name, setName] = useState(before.name ?? '');
  const [fault, setFault] = useState<string>();
  const [missing, setMissing] = useState(false);
  const isRefused = before.key !== undefined;
  return (
    <Page
      title="Sign in"
      lead="This server needs an API key. It is kept for this tab only, and forgotten when you close it."
    >
      <form
        class="card narrow"
        onSubmit={(event) => {
          event.preventDefault();
          const secret = key.trim();
          const wrong = name.trim() === '' ? undefined : faultOfName(name.trim());
          setFault(wrong);
          setMissing(secret === '');
          if (secret === '' || wrong !== undefined) return;
          setSession({ key: secret, name: name.trim() });
        }}
      >
        <label class="field">
          <span>API key</span>
          <input
            name="key"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            value={key}
            aria-invalid={missing || isRefused}
            aria-describedby="key-note"
            onInput={({ currentTarget }) => {
              setKey(currentTarget.value);
            }}
          />
          <small
            id="key-note"
            class={missing || isRefused ? 'fault' : undefined}
            role={missing || isRefused ? 'alert' : undefined}
          >
            {missing
              ? 'Enter a key. It begins with gt_.'
              : isRefused
                ? `The key was not accepted: ${error.message}.`
                : 'Whoever runs this server creates one: ground-truth api-key create --name NAME --scope review --scope export'}
          </small>
        </label>
        <NameField value={name} fault={fault} onInput={setName} />
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </Page>
  );
}
