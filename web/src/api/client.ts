import { root } from '../router.js';
import { type components } from './schema.js';
import { session } from './session.js';

/** The schemas of the API, by name. Documents are never of these types: see `json/answer.ts`. */
export type Schemas = components['schemas'];

/** An answer of the API that is not what was asked for (RFC 9457), or none at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  /** @param kind such as `key-missing`; `unreachable` where there was no answer */
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    message: string,
    readonly errors: readonly Schemas['FieldError'][] = [],
  ) {
    super(message);
  }
}

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters that are null, undefined or empty are left out. */
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON as text. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Whether it is sent even if the page is left meanwhile. */
  readonly keepalive?: boolean;
}

/** The address of a resource below `api/v1/`. */
function addressOf(path: string, query: Query = {}): string {
  const address = new URL(`api/v1/${path}`, root());
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') address.searchParams.set(name, String(value));
  return address.href;
}

/**
 * Asks the API, with the key and the name of the session.
 *
 * @param path below `api/v1/`
 * @returns the answer if its status is below 400
 * @throws ApiError for other answers; what `fetch` throws where the signal aborts
 */
export async function ask(path: string, request: Request = {}): Promise<Response> {
  const { method = 'GET', query, headers, body, signal, keepalive = false } = request;
  const { key, name } = session();
  let response: Response;
  try {
    response = await fetch(addressOf(path, query), {
      method,
      // Nobody else's cookies or credentials; the key goes in a header.
      credentials: 'same-origin',
      headers: {
        ...(key !== undefined && { Authorization: `Bearer ${key}` }),
        ...(name !== undefined && method !== 'GET' && { 'X-User-Id': encodeURIComponent(name) }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
      keepalive,
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(
      0,
      'unreachable',
      'The server does not answer',
      'Check that it runs and that you are connected, then try again.',
    );
  }
  if (response.ok || response.status === 304) return response;
  throw await problemOf(response);
}

/** An answer that holds no document. */
export async function askJson<Answer>(path: string, request?: Request): Promise<Answer> {
  return (await (await ask(path, request)).json()) as Answer;
}

async function problemOf(response: Response): Promise<ApiError> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  try {
    const { type = '', title, detail, errors } = JSON.parse(text) as Partial<Schemas['Problem']>;
    if (title !== undefined && detail !== undefined)
      return new ApiError(status, type.replace(/^urn:ground-truth:problem:/, ''), title, detail, errors);
  } catch {
    // What a proxy answers is no problem of the API.
  }
  return new ApiError(status, 'unknown', `The server answered ${status}`, 'Try again in a moment.');
}
