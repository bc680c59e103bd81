/**
 * SQL that makes functions look names up in the schema of the tables, whatever the search path of the session that fires a trigger. See
 * docs/decisions/0010.
 *
 * @param routines with their parentheses
 */
export function pinSearchPath(...routines: string[]): string {
  return `
    do $$
    declare
      home text := (select relnamespace::regnamespace from pg_class where oid = 'jobs'::regclass);
      routine text;
    begin
      foreach routine in array '{${routines.join(',')}}'::text[] loop
        execute format('alter function %2$s.%1$s set search_path = %2$s, pg_temp', routine, home);
      end loop;
    end
    $$;
  `;
}
