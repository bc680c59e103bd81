import { type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask, type Schemas } from '../api/client.js';
import { useAnswer } from '../api/use-answer.js';
import { Download } from '../parts/download.js';
import { Pdf, PDF } from '../parts/pdf.js';
import { isImage, KeptElsewhere, MOST_LINES, nameOfSource, SourceChoice, useUrl } from '../parts/source.js';
import { Answered } from '../parts/states.js';
import { Text } from '../parts/text.js';

type Source = Schemas['SampleSource'];

/** What the document looks like, one source at a time. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  const [chosen, setChosen] = useState(() =>
    Math.max(
      0,
      sources.findIndex(({ kind }) => kind === 'page_image'),
    ),
  );
  if (sources.length === 0)
    return (
      <section class="card" aria-labelledby="sources">
        <h2 id="sources">Sources</h2>
        <p class="soft">The pipeline sent no page images and no text with this document.</p>
      </section>
    );
  const source = sources[Math.min(chosen, sources.length - 1)]!;
  return (
    <section class="card" aria-labelledby="sources">
      <div class="card-head">
        <h2 id="sources">Sources</h2>
        <SourceChoice sources={sources} chosen={chosen} choose={setChosen} />
      </div>
      <Content key={chosen} source={source} />
    </section>
  );
}

function Content({ source }: { source: Source }) {
  const { text, sha256, uri, media_type } = source;
  if (text !== undefined) return <SourceText text={text} />;
  if (sha256 !== null) return <Held sha256={sha256} name={nameOfSource(source)} type={media_type ?? ''} />;
  return <KeptElsewhere uri={uri} />;
}

function SourceText({ text }: { text: string }) {
  return (
    <div class="source-text" role="region" aria-label="Text of the source" tabIndex={0}>
      {text.split('\n', MOST_LINES).map((line, index) => (
        <p key={index}>{line === '' ? '\u00a0' : <Text text={line} />}</p>
      ))}
    </div>
  );
}

function Held({ sha256, name, type }: { sha256: string; name: string; type: string }) {
  const { answer, again } = useAnswer(sha256, async (signal) => {
    const response = await ask(`sources/${sha256}`, { signal });
    return response.blob();
  });
  return (
    <Answered answer={answer} again={again} what="the source">
      {(blob) => <Blob blob={blob} name={name} type={type === '' ? blob.type : type} />}
    </Answered>
  );
}

function Blob({ blob, name, type }: { blob: Blob; name: string; type: string }) {
  if (type === PDF) return <Pdf blob={blob} name={name} sheet={(page) => framed(page, name)} />;
  if (isImage(type)) return <Image blob={blob} name={name} />;
  return <Download blob={blob} name={name} />;
}

function Image({ blob, name }: { blob: Blob; name: string }) {
  const url = useUrl(blob);
  return url === undefined ? null : framed(<img src={url} alt={`${name} of the document`} />, name);
}

function framed(content: ComponentChildren, name: string) {
  return (
    <div class="source-image" role="region" aria-label={name} tabIndex={0}>
      {content}
    </div>
  );
}
