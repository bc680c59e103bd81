import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { compressed } from './compressed.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Vite collects the licences of programs only. */
function licencesOfFonts(): Plugin {
  return {
    name: 'licences-of-fonts',
    apply: 'build',
    generateBundle() {
      const source = readFileSync(here('../node_modules/@fontsource/jetbrains-mono/LICENSE'), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'licenses-fonts.txt', source });
    },
  };
}

export default defineConfig({
  root: here('.'),
  // Relative: the server may be below a path of a proxy, which `<base>` in the page names.
  base: './',
  resolve: { alias: { 'node:buffer': here('src/json/node-buffer.ts') } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // The licences of what is bundled, which most of them require to go along.
    license: { fileName: 'licenses.md' },
    // A file inlined as a data: URL would need the policy to admit these.
    assetsInlineLimit: 0,
    // Browsers that know modules preload by themselves.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [licencesOfFonts(), compressed()],
  // `npm run start:web`: this page from its sources, and the API of a server that runs beside it.
  server: {
    port: 5173,
    strictPort: true,
    proxy: { '/api': 'http://127.0.0.1:3000', '/docs': 'http://127.0.0.1:3000' },
  },
});
