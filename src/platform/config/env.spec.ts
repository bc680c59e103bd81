import { Env, EnvError } from './env.js';

describe('Env', () => {
  it('has defaults, also for variables with an empty value', () => {
    expect(Object.fromEntries(Object.entries(Env.read({ PORT: '', DATABASE_URL: '', OTHER: 'x' })))).toEqual({
      GROUND_TRUTH_MIGRATE: false,
      GROUND_TRUTH_READ_ONLY: false,
      GROUND_TRUTH_ACCESS_LOG: 'database',
      GROUND_TRUTH_POOL_SIZE: 20,
      GROUND_TRUTH_RATE_LIMIT: 6000,
      GROUND_TRUTH_MAX_CONNECTIONS: 1000,
      GROUND_TRUTH_QUERY_SECONDS: 60,
      GROUND_TRUTH_LEASE_SECONDS: 900,
      GROUND_TRUTH_EXPORT_STALL_SECONDS: 60,
      GROUND_TRUTH_MAX_BODY_MB: 16,
      GROUND_TRUTH_MAX_SOURCE_MB: 64,
      GROUND_TRUTH_REQUIRE_IF_MATCH: false,
      GROUND_TRUTH_TRUST_PROXY: false,
      GROUND_TRUTH_SHUTDOWN_SECONDS: 10,
      GROUND_TRUTH_LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: 3000,
    });
  });

  it.each([
    'postgres://u:p@127.0.0.1:5432/x',
    'postgresql://u@localhost/x?host=%2Frun%2Fpostgresql',
    'postgresql:///x?host=/run/postgresql',
    'postgres://u:s3%25cret@host/x',
  ])('takes %s', (DATABASE_URL) => {
    expect(Env.read({ DATABASE_URL }).DATABASE_URL).toBe(DATABASE_URL);
  });

  it.each([
    [{ PORT: 'abc' }, 'PORT is not a whole number from 0 to 65535'],
    [{ PORT: '65536' }, 'PORT is not a whole number from 0 to 65535'],
    [{ GROUND_TRUTH_POOL_SIZE: '1' }, 'GROUND_TRUTH_POOL_SIZE is not a whole number from 2 to 1000'],
    [{ GROUND_TRUTH_MIGRATE: 'yes' }, 'GROUND_TRUTH_MIGRATE is not true or false'],
    [{ DATABASE_URL: 'mysql://u@h/x' }, /^DATABASE_URL is not a URL such as postgres:/],
    [{ DATABASE_URL: 'postgres://u:geheim@127.0.0.1:99999/x' }, /^DATABASE_URL is not a URL such as/],
    [{ DATABASE_URL: 'postgres://u:gehe%im@127.0.0.1/x' }, /^DATABASE_URL is not a URL such as/],
    [{ GROUND_TRUTH_AUTH: 'yes' }, 'GROUND_TRUTH_AUTH is not required or none'],
    [{ GROUND_TRUTH_LOG_LEVEL: 'loud' }, 'GROUND_TRUTH_LOG_LEVEL is not error, warn, info or debug'],
    [
      { GROUND_TRUTH_ALLOWED_HOSTS: 'a.example:80' },
      /^GROUND_TRUTH_ALLOWED_HOSTS is not a list of host names/,
    ],
    [{ GROUND_TRUTH_CORS_ORIGINS: '*' }, /^GROUND_TRUTH_CORS_ORIGINS is not a list of origins/],
    [
      { GROUND_TRUTH_CORS_ORIGINS: 'https://a.example/' },
      /^GROUND_TRUTH_CORS_ORIGINS is not a list of origins/,
    ],
    [{ GROUND_TRUTH_BASE_PATH: 'ocr' }, 'GROUND_TRUTH_BASE_PATH is not a path such as /ground-truth'],
    [{ GROUND_TRUTH_BASE_PATH: '/a/..' }, 'GROUND_TRUTH_BASE_PATH is not a path such as /ground-truth'],
    [{ GROUND_TRUTH_TRUST_PROXY: '10.0.0.1' }, 'GROUND_TRUTH_TRUST_PROXY is not true or false'],
    [{ GROUND_TRUTH_MAX_EXPORTS: '20' }, 'GROUND_TRUTH_MAX_EXPORTS must be less than GROUND_TRUTH_POOL_SIZE'],
    [{ GROUND_TRUTH_KEYS_FILE: '/keys' }, 'GROUND_TRUTH_KEYS_FILE requires GROUND_TRUTH_JOBS_RELATION'],
    [
      { DATABASE_URL: 'postgres://h/x', GROUND_TRUTH_JOBS_RELATION: 'ocr.jobs' },
      'GROUND_TRUTH_JOBS_RELATION and GROUND_TRUTH_CORRECTIONS_RELATION must be set together',
    ],
    [
      { GROUND_TRUTH_JOBS_RELATION: 'a', GROUND_TRUTH_CORRECTIONS_RELATION: 'b' },
      'GROUND_TRUTH_JOBS_RELATION requires DATABASE_URL',
    ],
    [
      {
        DATABASE_URL: 'postgres://h/x',
        GROUND_TRUTH_JOBS_RELATION: 'a',
        GROUND_TRUTH_CORRECTIONS_RELATION: 'b',
        GROUND_TRUTH_MIGRATE: '1',
      },
      'GROUND_TRUTH_MIGRATE cannot be used with GROUND_TRUTH_JOBS_RELATION',
    ],
    [
      { DATABASE_URL: 'postgres://h/x', GROUND_TRUTH_READ_ONLY: 'true', GROUND_TRUTH_MIGRATE: 'true' },
      'GROUND_TRUTH_MIGRATE cannot be used with GROUND_TRUTH_READ_ONLY',
    ],
    [{ GROUND_TRUTH_READ_ONLY: 'true' }, 'GROUND_TRUTH_READ_ONLY requires DATABASE_URL'],
    [
      { GROUND_TRUTH_ACCESS_LOG_URL: 'postgres://u:geheim@h/x' },
      'GROUND_TRUTH_ACCESS_LOG_URL requires DATABASE_URL',
    ],
    [{ GROUND_TRUTH_ACCESS_LOG: 'none' }, 'GROUND_TRUTH_ACCESS_LOG is not database or process'],
  ])('refuses %j', (source, message) => {
    expect(() => Env.read(source)).toThrow(EnvError);
    expect(() => Env.read(source)).toThrow(message);
    expect(() => Env.read(source)).not.toThrow(/geheim|gehe%im/);
  });

  it('limits exports to three quarters of the connections, and reads lists of origins', () => {
    expect(['2', '3', '20'].map((size) => Env.read({ GROUND_TRUTH_POOL_SIZE: size }).mostTransfers)).toEqual([
      1, 2, 15,
    ]);
    expect(Env.read({ GROUND_TRUTH_MAX_EXPORTS: '4' }).mostTransfers).toBe(4);
    expect(
      Env.read({ GROUND_TRUTH_CORS_ORIGINS: 'https://a.example, http://localhost:5173' })
        .GROUND_TRUTH_CORS_ORIGINS,
    ).toEqual(['https://a.example', 'http://localhost:5173']);
  });

  it('reports all faults at once', () => {
    expect(() => Env.read({ PORT: 'x', GROUND_TRUTH_MIGRATE: 'x' })).toThrow(
      'GROUND_TRUTH_MIGRATE is not true or false\nPORT is not a whole number from 0 to 65535',
    );
  });
});
