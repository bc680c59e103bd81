#!/usr/bin/env node
import 'reflect-metadata';
import { CliModule } from './cli.module.js';
import { Env } from './platform/config/env.js';
import { packageVersion } from './platform/package-file.js';
import { runCli } from './platform/terminal/run-cli.js';

await runCli(() => CliModule.forRoot(Env.read()), packageVersion());
