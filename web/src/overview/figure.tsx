import { type ComponentChildren } from 'preact';

/** A plot with its title, and the table of its numbers for those who do not see it or want them exactly. */
export function Figure({
  title,
  note,
  table,
  children,
}: {
  title: string;
  note: ComponentChildren;
  /** Its first row is the head. */
  table: readonly (readonly ComponentChildren[])[];
  children: ComponentChildren;
}) {
  const [head = [], ...rows] = table;
  return (
    <figure class="card">
      <figcaption>
        <h2>{title}</h2>
        <p class="soft small">{note}</p>
      </figcaption>
      {children}
      <details class="numbers">
        <summary>Numbers</summary>
        <div class="table-box" role="region" aria-label={`Numbers: ${title}`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {head.map((cell, index) => (
                  <th key={index} scope="col" class={index === 0 ? undefined : 'number'}>
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, row) => (
                <tr key={row}>
                  {cells.map((cell, index) =>
                    index === 0 ? (
                      <th key={index} scope="row">
                        {cell}
                      </th>
                    ) : (
                      <td key={index} class="number">
                        {cell}
                      </td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
