import { type Call, type Client } from './client.js';

const UNKNOWN_KEY = 'gt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Somebody who may not. */
export async function askWithoutRight(client: Client): Promise<void> {
  const path = `/jobs/${client.load.jobs.any(client.random)}`;
  const [call, outcome] = client.random.pick<readonly [Call, string]>([
    [{ path, scope: 'review', headers: { authorization: `Bearer ${UNKNOWN_KEY}` } }, '401 key-invalid'],
    [{ path, scope: 'review', headers: { authorization: 'Basic c29haw==' } }, '401 key-missing'],
    [{ path, scope: 'export' }, '403 scope-missing'],
    [{ path: '/ground-truth/export', scope: 'review' }, '403 scope-missing'],
    [{ path: '/ground-truth/stats', scope: 'ingest' }, '403 scope-missing'],
    [{ method: 'POST', path: '/jobs', scope: 'review', body: {} }, '403 scope-missing'],
    [{ method: 'PUT', path: `${path}/approval`, scope: 'ingest' }, '403 scope-missing'],
  ]);
  await client.call('no right', call, outcome);
}

/** Somebody who does it wrong. */
export async function askWrongly(client: Client): Promise<void> {
  const path = `/jobs/${client.load.jobs.any(client.random)}`;
  const corrections = `${path}/corrections`;
  const correction = { field_path: 'header.perihal', new_value: 'A' };
  const [call, outcome] = client.random.pick<readonly [Call, string]>([
    [{ method: 'POST', path: corrections, scope: 'review', body: '{"field_path":' }, '400 invalid-body'],
    [{ method: 'POST', path: corrections, scope: 'review', body: { new_value: 1 } }, '400 invalid-body'],
    [
      { method: 'POST', path: corrections, scope: 'review', body: { ...correction, unknown: 1 } },
      '400 invalid-body',
    ],
    [
      { method: 'POST', path: corrections, scope: 'review', body: correction, headers: { 'x-user-id': '' } },
      '400 invalid-header',
    ],
    [
      { method: 'POST', path: corrections, scope: 'review', body: correction, headers: { 'if-match': 'x' } },
      '400 invalid-header',
    ],
    [
      {
        method: 'POST',
        path: corrections,
        scope: 'review',
        body: '<a/>',
        headers: { 'content-type': 'text/xml' },
      },
      '415 unsupported-media-type',
    ],
    [{ method: 'PUT', path: `${path}/result`, scope: 'review', body: '{"a":1,}' }, '400 invalid-body'],
    [{ method: 'POST', path: '/jobs', scope: 'ingest', body: { filename: 1 } }, '400 invalid-body'],
    [{ path: '/ground-truth/export?limit=0', scope: 'export' }, '400 invalid-parameters'],
    [{ path: '/ground-truth/export?since=yesterday', scope: 'export' }, '400 invalid-parameters'],
    [{ path: '/ground-truth/stats?top_n=many', scope: 'export' }, '400 invalid-parameters'],
    [{ path: '/jobs?cursor=x', scope: 'review' }, '400 invalid-parameters'],
    [{ path: '/jobs/17', scope: 'review' }, '400 invalid-parameters'],
    [{ path: '/nothing', scope: 'admin' }, '404 not-found'],
    [{ method: 'DELETE', path: '/jobs', scope: 'admin' }, '405 method-not-allowed'],
  ]);
  await client.call('wrong request', call, outcome);
}
