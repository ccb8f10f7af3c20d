// The catalogue of commands: one file each, one line here. A command imports what draws reports when it runs, not before: that takes half a second.
import type { Command } from 'commander';
import { compareCommand } from './commands/compare.ts';
import { configCommand } from './commands/config.ts';
import { dataCommand } from './commands/data.ts';
import { doctorCommand } from './commands/doctor.ts';
import { demoCommand, type RunCommand } from './commands/demo.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { extractCommand } from './commands/extract.ts';
import { predictCommand } from './commands/predict.ts';
import { registryCommand } from './commands/registry.ts';
import { serveCommand } from './commands/serve.ts';
import { simulateCommand } from './commands/simulate.ts';
import { sweepCommand } from './commands/sweep.ts';
import { trackingCommand } from './commands/tracking.ts';
import { tokenCommand } from './commands/token.ts';
import { trainCommand } from './commands/train.ts';

/** In the order of the way of the data; `demo` gets the means to run the others. */
export const COMMANDS: readonly ((run: RunCommand) => Command)[] = [
  demoCommand,
  simulateCommand,
  extractCommand,
  dataCommand,
  trainCommand,
  sweepCommand,
  compareCommand,
  evaluateCommand,
  exportCommand,
  registryCommand,
  predictCommand,
  trackingCommand,
  serveCommand,
  tokenCommand,
  configCommand,
  doctorCommand,
];
