// The catalogue of commands: one file each, one line here.
import type { Command } from 'commander';
import { configCommand } from './commands/config.ts';

export const COMMANDS: readonly (() => Command)[] = [configCommand];
