import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { type Plugin, type Rolldown } from 'vite';

const gzip = promisify(gzipWithCallback);

/** Fonts and images are compressed already. src/workbench/workbench.controller.ts sends the copies of the same files. */
const SHRINKS = /^assets\/.*\.(?:js|mjs|css)$/;

/** The most bytes, compressed, that are loaded before any one page is shown, with the fonts. */
const MOST_FIRST_BYTES = 250_000;

/**
 * Writes a `.gz` beside each text file of the build, so that the server compresses nothing. Fails the build if what the
 * first page needs has become more than MOST_FIRST_BYTES.
 */
export function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    enforce: 'post',
    // Not `generateBundle`: after it, Vite still writes into the programs which files each of them loads.
    async writeBundle({ dir }, bundle) {
      const sizes = new Map<string, number>();
      for (const name of Object.keys(bundle)) {
        const file = path.join(dir!, name);
        const content = await readFile(file);
        sizes.set(name, content.length);
        if (!SHRINKS.test(name)) continue;
        const smaller = await gzip(content, { level: 9 });
        sizes.set(name, smaller.length);
        await writeFile(`${file}.gz`, smaller);
      }
      const entries = Object.values(bundle).filter((file) => file.type === 'chunk' && file.isEntry);
      const fonts = [...sizes.keys()].filter((name) => name.endsWith('.woff2'));
      const always = [...entries.map(({ fileName }) => fileName), ...fonts];
      const pages = entries.flatMap((file) => (file.type === 'chunk' ? file.dynamicImports : []));
      const first = Math.max(
        ...pages.map((page) => {
          const needed = [...withImports([...always, page], bundle)];
          return needed.reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
        }),
      );
      if (first > MOST_FIRST_BYTES)
        this.error(
          `the page loads ${first} bytes first, compressed; at most ${MOST_FIRST_BYTES} are allowed`,
        );
    },
  };
}

/** The files and all that they load before they run. */
function withImports(names: readonly string[], bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    const file = bundle[name];
    if (file?.type !== 'chunk') return;
    for (const other of file.imports) add(other);
    for (const other of file.viteMetadata?.importedCss ?? []) add(other);
  };
  for (const name of names) add(name);
  return found;
}
