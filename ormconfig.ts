import 'reflect-metadata';
import { Env } from './src/platform/config/env.js';
import { GroundTruthDataSource } from './src/platform/database/ground-truth-data-source.js';

/** For TypeORM's own command line: `npx typeorm migration:show -d build/ormconfig.js` after a build. */
export default new GroundTruthDataSource(Env.read());
