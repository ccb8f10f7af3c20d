// `spatter config`: prints the config that a command line composes, as Hydra's `--cfg job --resolve` does.
import { Command } from 'commander';
import { action } from '../context.ts';
import { planOf, printedConfig, withConfigOptions, type ConfigOptions } from '../config-options.ts';

const EXAMPLES = `
Examples:
  $ spatter config
  $ spatter config +experiment=baseline training.epochs=5 device=cpu
  $ spatter config --cfg job --package training.optimizer
  $ spatter config --info defaults +experiment=baseline
  $ spatter config --config-dir ./conf +experiment=mine`;

export function configCommand(): Command {
  const command = new Command('config').description(
    'Print the resolved config of a command line, without running anything.',
  );
  return withConfigOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(
      action<ConfigOptions>((context, options, overrides: string[]) => {
        const printed = printedConfig(context, options, 'train', overrides);
        if (printed !== undefined) return printed;
        const { config, yaml } = planOf('train', options, overrides).jobs[0]!.composed;
        context.print(yaml.trimEnd());
        return { config, overrides };
      }),
    );
}
