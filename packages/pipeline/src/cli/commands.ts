// The catalogue of commands: one file each, one line here.
import type { Command } from 'commander';

export const COMMANDS: readonly (() => Command)[] = [];
