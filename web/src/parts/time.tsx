const SHORT: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short' };
const inWords = new Intl.DateTimeFormat(undefined, SHORT);
const dayInWords = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** A time of the API in local time; as it was sent, in UTC, where the pointer rests. */
export function Time({ at, how = 'time' }: { at: string; how?: 'time' | 'day' }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  return (
    <time datetime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>
      {(how === 'day' ? dayInWords : inWords).format(date)}
    </time>
  );
}
