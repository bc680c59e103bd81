import { type ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { AccessProvider, findAccess } from './access/access.js';
import { AccessPage } from './access/access-page.js';
import { AskForName } from './access/ask-for-name.js';
import { SignIn } from './access/sign-in.js';
import { ApiError } from './api/client.js';
import { useSession } from './api/session.js';
import { useAnswer } from './api/use-answer.js';
import { Layout } from './layout/layout.js';
import { Page, type PageProps } from './parts/page.js';
import { Empty, Failed, Waiting } from './parts/states.js';
import { usePlace } from './router.js';
import { lazily, pageOf } from './pages.js';

/** The workbench: who uses it, and the page of the present address. */
export function App() {
  const { path } = usePlace();
  const { key } = useSession();
  const { answer, again } = useAnswer(key ?? '', findAccess);
  const first = path.split('/')[0] ?? '';
  useFocusOnTurn(path);
  if (answer.state === 'failed') {
    const { error } = answer;
    const isRefused = error instanceof ApiError && error.status === 401;
    return (
      <Layout page={first} access={undefined}>
        {isRefused ? (
          <SignIn error={error} />
        ) : (
          <Page title="Ground Truth">
            <Failed error={error} again={again} />
          </Page>
        )}
      </Layout>
    );
  }
  if (answer.value === undefined)
    return (
      <Layout page={first} access={undefined}>
        <Waiting what="the workbench" />
      </Layout>
    );
  return (
    <AccessProvider value={answer.value}>
      <Layout page={first} access={answer.value}>
        <Present path={path} />
      </Layout>
      <AskForName />
    </AccessProvider>
  );
}

function Present({ path }: { path: string }) {
  if (path === 'account') return <AccessPage />;
  const found = pageOf(path);
  if (!found)
    return (
      <Page title="No such page">
        <Empty title={`There is no page at /${path}`}>
          <p>
            Go to the <a href="./">overview</a>, or to the <a href="samples">samples</a>.
          </p>
        </Empty>
      </Page>
    );
  return <Loaded key={found.page.name} load={found.page.load} id={found.id} />;
}

/** A page whose program comes when it is first needed. */
function Loaded({ load, id }: { load: () => Promise<ComponentType<PageProps>>; id: string | undefined }) {
  const [, redraw] = useState(0);
  const loaded = lazily(load, () => {
    redraw((before) => before + 1);
  });
  if (loaded instanceof Error)
    return (
      <Page title="Ground Truth">
        <Failed
          error={loaded}
          again={() => {
            location.reload();
          }}
        />
      </Page>
    );
  if (!loaded) return <Waiting what="the page" />;
  const Component = loaded;
  return <Component id={id} />;
}

/** After a change of the page, the keyboard and a screen reader go on at its head; a change of the query leaves them where they are. */
function useFocusOnTurn(path: string): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    window.scrollTo(0, 0);
    (document.querySelector<HTMLElement>('h1') ?? document.getElementById('main'))?.focus({
      preventScroll: true,
    });
  }, [path]);
}
