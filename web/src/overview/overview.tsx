import './overview.css';
import { may, mayReview, useAccess } from '../access/access.js';
import { askJson, type Schemas } from '../api/client.js';
import { useAnswer } from '../api/use-answer.js';
import { Page } from '../parts/page.js';
import { Answered, Empty } from '../parts/states.js';
import { Calibration } from './calibration.js';
import { CoverageOfBuckets } from './coverage.js';
import { FieldRates } from './field-rates.js';
import { Producers } from './producers.js';
import { Tiles } from './tiles.js';
import { Weeks } from './weeks.js';

/** What is in the corpus, and where the pipeline is weak. */
export function Overview() {
  const access = useAccess();
  return (
    <Page
      title="Overview"
      lead="What is in the corpus, and where the pipeline is weak."
      actions={
        mayReview(access) && (
          <a class="button primary" href="review">
            Review the next document
          </a>
        )
      }
    >
      {may(access, 'export') ? (
        <Contents />
      ) : (
        <Empty title="Your key may not see this">
          <p>
            The overview needs a key with the scope <code>export</code>. Go to the{' '}
            <a href="samples">samples</a>.
          </p>
        </Empty>
      )}
    </Page>
  );
}

function Contents() {
  const statistics = useAnswer('stats', (signal) =>
    askJson<Schemas['Statistics']>('ground-truth/stats', {
      query: { collapse_indices: true, weeks: 26 },
      signal,
    }),
  );
  const errors = useAnswer('errors', (signal) =>
    askJson<Schemas['Errors']>('ground-truth/errors', {
      query: { by: 'producer', calibration: true },
      signal,
    }),
  );
  const coverage = useAnswer('coverage', (signal) =>
    askJson<Schemas['Coverage']>('ground-truth/coverage', { signal }),
  );
  const counts = statistics.answer.state === 'failed' ? undefined : statistics.answer.value;
  if (counts?.total_jobs === 0)
    return (
      <Empty title="There is nothing here yet">
        <p>
          Send documents to <code>POST /api/v1/jobs</code>, or run <code>ground-truth import</code>. The{' '}
          <a href="docs">documentation of the API</a> shows how. <code>ground-truth demo</code> makes a corpus
          to look at.
        </p>
      </Empty>
    );
  return (
    <div class="overview">
      <Answered {...statistics} what="the counts">
        {(value) => (
          <>
            <Tiles
              statistics={value}
              diverged={errors.answer.state === 'here' ? errors.answer.value.jobs.diverged : undefined}
            />
            <Weeks weeks={value.weeks ?? []} />
          </>
        )}
      </Answered>
      <Answered {...coverage} what="the coverage">
        {(value) => <CoverageOfBuckets coverage={value} />}
      </Answered>
      <Answered {...errors} what="the error rates">
        {(value) => (
          <>
            <FieldRates errors={value} />
            <div class="pair">
              {value.calibration && <Calibration calibration={value.calibration} />}
              <Producers groups={value.groups ?? []} producers={counts?.producers ?? []} />
            </div>
          </>
        )}
      </Answered>
    </div>
  );
}
