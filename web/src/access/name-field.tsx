/** The field for the name that corrections are recorded under. */
export function NameField({
  value,
  fault,
  onInput,
}: {
  value: string;
  fault: string | undefined;
  onInput: (name: string) => void;
}) {
  return (
    <label class="field">
      <span>Your name</span>
      <input
        name="name"
        autocomplete="username"
        spellcheck={false}
        dir="auto"
        value={value}
        aria-invalid={fault !== undefined}
        aria-describedby="name-note"
        onInput={({ currentTarget }) => {
          onInput(currentTarget.value);
        }}
      />
      <small
        id="name-note"
        class={fault === undefined ? undefined : 'fault'}
        role={fault === undefined ? undefined : 'alert'}
      >
        {fault ?? 'Corrections and approvals are recorded under it, for example rini.k.'}
      </small>
    </label>
  );
}
