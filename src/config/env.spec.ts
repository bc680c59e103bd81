import { Env, EnvError } from './env.js';

describe('Env', () => {
  it('has defaults, and takes what is set to nothing for not set', () => {
    expect(Object.fromEntries(Object.entries(Env.read({ PORT: '', DATABASE_URL: '', OTHER: 'x' })))).toEqual({
      GROUND_TRUTH_MIGRATE: false,
      GROUND_TRUTH_POOL_SIZE: 20,
      GROUND_TRUTH_EXPORT_STALL_SECONDS: 60,
      GROUND_TRUTH_MAX_BODY_MB: 16,
      GROUND_TRUTH_REQUIRE_IF_MATCH: false,
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
  ])('refuses %j', (source, message) => {
    expect(() => Env.read(source)).toThrow(EnvError);
    expect(() => Env.read(source)).toThrow(message);
    expect(() => Env.read(source)).not.toThrow(/geheim|gehe%im/);
  });

  it('names all faults at once', () => {
    expect(() => Env.read({ PORT: 'x', GROUND_TRUTH_MIGRATE: 'x' })).toThrow(
      'GROUND_TRUTH_MIGRATE is not true or false\nPORT is not a whole number from 0 to 65535',
    );
  });
});
