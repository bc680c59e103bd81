/** A response with its body as text, because JavaScript numbers would hide changed digits. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed. */
  readonly json: Record<string, unknown>;
}

export interface Asked {
  readonly body?: string | Uint8Array;
  readonly user?: string | null;
  readonly headers?: Record<string, string>;
}

/** Calls the API of a server; `path` follows the prefix. By default, changes are made by `rini.k`. */
export function apiOf(server: () => { readonly url: string }) {
  return async (
    method: string,
    path: string,
    { body, user = 'rini.k', headers }: Asked = {},
  ): Promise<Answer> => {
    const response = await fetch(`${server().url}/api/v1${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(user !== null && { 'x-user-id': user }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get json() {
        return JSON.parse(text) as Record<string, unknown>;
      },
    };
  };
}

/** The kind of a problem: the last part of its type. */
export function kindOf({ json }: Answer): string {
  return String(json.type).replace('urn:ground-truth:problem:', '');
}
