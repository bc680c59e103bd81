import { Command } from 'nest-commander';
import { Env } from './platform/config/env.js';
import { GroundTruthDataSource } from './platform/database/ground-truth-data-source.js';
import { migrate } from './platform/database/migrate.js';
import { printNote } from './platform/terminal/print.js';
import { refuseToWrite, TerminalCommand } from './platform/terminal/terminal-command.js';

@Command({
  name: 'migrate',
  description: 'Bring the schema of the database up to date (the embedded database does this automatically)',
})
export class MigrateCommand extends TerminalCommand {
  constructor(
    private readonly dataSource: GroundTruthDataSource,
    private readonly env: Env,
  ) {
    super();
  }

  protected override examples(): string[] {
    return ['DATABASE_URL=postgres://user@host/database ground-truth migrate'];
  }

  async run(): Promise<void> {
    refuseToWrite('migrate', this.env);
    const applied = await migrate(await this.dataSource.connected());
    for (const name of applied) printNote(`applied ${name}`);
    printNote('the schema of the database is up to date');
  }
}
