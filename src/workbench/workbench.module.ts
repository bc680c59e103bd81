import { Module } from '@nestjs/common';
import { WorkbenchController } from './workbench.controller.js';

/** The workbench at `/`. */
@Module({ controllers: [WorkbenchController] })
export class WorkbenchModule {}
