#!/usr/bin/env node
import 'reflect-metadata';
import { ON_FILES } from './corpus-files/commands/names.js';
import { packageVersion } from './platform/package-file.js';
import { runCli } from './platform/terminal/run-cli.js';

await runCli(async () => {
  // Neither the database nor the settings are loaded for them.
  if (ON_FILES.includes(process.argv[2] ?? ''))
    return (await import('./corpus-files/commands/corpus-files.module.js')).CorpusFilesModule;
  const [{ CliModule }, { Env }] = await Promise.all([
    import('./cli.module.js'),
    import('./platform/config/env.js'),
  ]);
  return CliModule.forRoot(Env.read());
}, packageVersion());
