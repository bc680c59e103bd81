import { useUrl } from './source.js';
import { Text } from './text.js';

/** Content that the page does not show. */
export function Download({ blob, name }: { blob: Blob; name: string }) {
  const url = useUrl(blob);
  if (url === undefined) return null;
  return (
    <p>
      <a class="button" href={url} download={name}>
        Download it
      </a>{' '}
      <span class="soft">
        <Text text={blob.type} />, {blob.size.toLocaleString()} bytes
      </span>
    </p>
  );
}
