import { IsNotEmpty, IsOptional } from 'class-validator';
import { Command, Option } from 'nest-commander';
import { CountParameter } from './platform/parameters/parameters.js';
import { Interruption } from './platform/terminal/interruption.js';
import { readFlags } from './platform/terminal/read-flags.js';
import { type Flags, TerminalCommand } from './platform/terminal/terminal-command.js';

class ServeFlags {
  @IsOptional()
  @IsNotEmpty({ message: '"" is not a host name or an address' })
  readonly host?: string;

  @CountParameter(0, 65_535)
  readonly port?: number;
}

@Command({
  name: 'serve',
  description: 'Serve the workbench at / and the HTTP API, with Swagger UI at /docs',
})
export class ServeCommand extends TerminalCommand {
  constructor(private readonly interruption: Interruption) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth serve --port 8080', 'ground-truth serve --host 0.0.0.0'];
  }

  @Option({
    flags: '--host <host>',
    description: 'host name or address to listen on (default: HOST, or 127.0.0.1)',
  })
  host(text: string): string {
    return text;
  }

  @Option({
    flags: '--port <port>',
    description: 'port to listen on; 0 picks a free port (default: PORT, or 3000)',
  })
  port(text: string): string {
    return text;
  }

  async run(_: string[], flags: Flags): Promise<void> {
    const { host, port } = readFlags(this, ServeFlags, flags);
    // The server handles signals itself.
    this.interruption.standBack();
    // Loaded here only: Express and Swagger take as long to load as everything else, and no other command needs them.
    const { serve } = await import('./serve.js');
    await serve({ ...(host !== undefined && { host }), ...(port !== undefined && { port }) });
  }
}
