import { useAccess, mayReview } from '../access/access.js';
import { Page } from '../parts/page.js';
import { Empty } from '../parts/states.js';

/** Where jobs are reviewed. */
export function Review() {
  const access = useAccess();
  return (
    <Page title="Review">
      <Empty title={mayReview(access) ? 'Choose a document' : 'You cannot review here'}>
        <p>
          <a href="samples?approved=false">The documents that wait for a review</a>
        </p>
      </Empty>
    </Page>
  );
}
