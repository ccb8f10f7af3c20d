// `spatter config`: prints the config that a command line composes, as Hydra's `--cfg job --resolve` does.
import { Command } from 'commander';
import { composeConfig } from '../../config/index.ts';
import { action } from '../context.ts';

interface Options {
  configDir: string[];
}

/** The option that adds config folders; may be given several times. */
const collect = (folder: string, folders: string[]) => [...folders, folder];

export function configCommand(): Command {
  return new Command('config')
    .description('Print the resolved config of a command line, without running anything.')
    .argument('[overrides...]', 'key=value, +key=value, ~key, group=option, +experiment=name')
    .option('--config-dir <folder>', 'also search this folder for groups and options', collect, [])
    .addHelpText(
      'after',
      `
Examples:
  $ spatter config
  $ spatter config +experiment=baseline training.epochs=5 device=cpu
  $ spatter config --config-dir ./conf +experiment=mine`,
    )
    .action(
      action<Options>((context, options, overrides: string[]) => {
        const { config, yaml } = composeConfig({
          overrides,
          configDirs: options.configDir,
          env: process.env,
        });
        context.print(yaml.trimEnd());
        return { config, overrides };
      }),
    );
}
