#!/usr/bin/env node
import 'reflect-metadata';
import { CliModule } from './cli.module.js';
import { packageVersion } from './package-version.js';
import { runCli } from './terminal/run-cli.js';

await runCli(CliModule, packageVersion());
