// The catalogue of commands: one file each, one line here.
import type { Command } from 'commander';
import { configCommand } from './commands/config.ts';
import { dataCommand } from './commands/data.ts';
import { extractCommand } from './commands/extract.ts';
import { simulateCommand } from './commands/simulate.ts';

export const COMMANDS: readonly (() => Command)[] = [
  configCommand,
  dataCommand,
  extractCommand,
  simulateCommand,
];
