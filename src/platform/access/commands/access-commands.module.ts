import { Module } from '@nestjs/common';
import { TerminalModule } from '../../terminal/interruption.js';
import { AccessLogCommand } from './access-log.command.js';
import { ApiKeyCommand } from './api-key.command.js';
import { CreateKeyCommand } from './api-key.command.js';
import { ListKeysCommand } from './api-key.command.js';
import { RevokeKeyCommand } from './api-key.command.js';

/** Keys and the log of exports at the terminal. */
@Module({
  imports: [TerminalModule],
  providers: [ApiKeyCommand, CreateKeyCommand, ListKeysCommand, RevokeKeyCommand, AccessLogCommand],
})
export class AccessCommandsModule {}
