// `spatter data`: makes and inspects data sets of crops. One file for each sub-command, one line here.
import { Command } from 'commander';
import { dataAnalyzeCommand } from './data-analyze.ts';
import { dataDiffCommand } from './data-diff.ts';
import { dataIndexCommand } from './data-index.ts';
import { dataShortcutsCommand } from './data-shortcuts.ts';
import { dataValidateCommand } from './data-validate.ts';
import { dataVerifyCommand } from './data-verify.ts';

/** In the order of their use. */
const SUBCOMMANDS: readonly (() => Command)[] = [
  dataIndexCommand,
  dataValidateCommand,
  dataAnalyzeCommand,
  dataShortcutsCommand,
  dataDiffCommand,
  dataVerifyCommand,
];

export function dataCommand(): Command {
  const command = new Command('data').description('make and inspect data sets of crops');
  for (const subcommand of SUBCOMMANDS) command.addCommand(subcommand());
  return command;
}
