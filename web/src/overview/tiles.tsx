import { type Schemas } from '../api/client.js';
import { percent } from './scale.js';

/** How much there is of what. Each number leads to its samples. */
export function Tiles({
  statistics,
  diverged,
}: {
  statistics: Schemas['Statistics'];
  diverged: number | undefined;
}) {
  const { total_jobs, approved_jobs, jobs_with_corrections, total_corrections } = statistics;
  const share = (count: number): string => (total_jobs === 0 ? '' : `${percent(count / total_jobs)} of all`);
  return (
    <ul class="tiles">
      <Tile
        title="Documents"
        count={total_jobs}
        to="samples"
        note={`${(total_jobs - approved_jobs).toLocaleString()} open`}
      />
      <Tile title="Approved" count={approved_jobs} to="samples?approved=true" note={share(approved_jobs)} />
      <Tile
        title="Corrected"
        count={jobs_with_corrections}
        to="samples?has_corrections=true"
        note={`${total_corrections.toLocaleString()} corrections`}
      />
      <li class={diverged === undefined || diverged === 0 ? 'tile' : 'tile alarm'}>
        <span class="tile-title">Diverged</span>
        <span class="tile-count">{diverged === undefined ? '…' : diverged.toLocaleString()}</span>
        <span class="tile-note">
          {diverged === 0 || diverged === undefined ? (
            'every approved trail leads back'
          ) : (
            <>
              <code>ground-truth verify</code> names them
            </>
          )}
        </span>
      </li>
    </ul>
  );
}

function Tile({ title, count, to, note }: { title: string; count: number; to: string; note: string }) {
  return (
    <li>
      <a class="tile" href={to}>
        <span class="tile-title">{title}</span>
        <span class="tile-count">{count.toLocaleString()}</span>
        <span class="tile-note">{note}</span>
      </a>
    </li>
  );
}
