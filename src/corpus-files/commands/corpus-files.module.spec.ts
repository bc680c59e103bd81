import { CorpusFilesModule } from './corpus-files.module.js';
import { ON_FILES } from './names.js';

/** Where nest-commander keeps what `@Command` was given. */
const COMMAND = 'CommandBuilder:Command:Meta';

describe('the module of the commands on files', () => {
  it('has those for which it is loaded, and no others', () => {
    const providers = Reflect.getMetadata('providers', CorpusFilesModule) as object[];
    const commands = providers.map(
      (each) => Reflect.getMetadata(COMMAND, each) as { name: string } | undefined,
    );
    expect(commands.flatMap((command) => command?.name ?? []).sort()).toEqual(ON_FILES);
  });
});
