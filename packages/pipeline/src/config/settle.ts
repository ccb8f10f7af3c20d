// Fills in what a config leaves to the data: outputs, input channels, loss. The settled config is the one a run records.
import { SpatterError } from '../util/errors.ts';
import type { Config } from './schema.ts';
import type { Tree } from './tree.ts';
import { validateConfig } from './validate.ts';

/** What the data say about the network that fits them. */
export interface DataFacts {
  /** Planes of one sample. */
  readonly channels: 1 | 3;
  /** Number of classes; null where any number of outputs is allowed. */
  readonly classes: number | null;
  /** Folder of the data, for messages. */
  readonly root: string;
}

/** The architecture with nothing left open. */
export type SettledArchitecture = Config['model']['architecture'] & {
  readonly in_channels: number;
  readonly num_classes: number;
};

/**
 * Replaces null outputs and channels and the loss `auto` by what fits the data: an output per class (one output for crops)
 * and the loss that goes with it.
 * @throws {SpatterError} CONFIG_VALUE when a value that was given contradicts the data.
 */
export function settleConfig(config: Config, facts: DataFacts): Config {
  const { model, training } = config;
  const given = model.architecture.num_classes;
  if (given === null) requireLoss(training.loss, facts);
  const outputs = given ?? outputsFor(training.loss, facts.classes);
  requireOutputs(outputs, facts);
  const architecture = {
    ...model.architecture,
    in_channels: model.architecture.in_channels ?? facts.channels,
    num_classes: outputs,
  };
  const fitting = outputs === 1 ? ('bce_with_logits' as const) : ('cross_entropy' as const);
  const loss = training.loss === 'auto' ? fitting : training.loss;
  const settled = { ...config, model: { ...model, architecture }, training: { ...training, loss } };
  return validateConfig(settled as unknown as Tree, new Map());
}

function outputsFor(loss: Config['training']['loss'], classes: number | null): number {
  if (loss === 'bce_with_logits') return 1;
  return classes ?? (loss === 'cross_entropy' ? 2 : 1);
}

/** Binary cross-entropy knows two classes. */
function requireLoss(loss: Config['training']['loss'], { classes, root }: DataFacts): void {
  if (loss !== 'bce_with_logits' || classes === null || classes === 2) return;
  throw new SpatterError(
    'CONFIG_VALUE',
    `training.loss must be cross_entropy or focal for the ${classes} classes in ${root}, got ${loss}`,
    'leave training.loss out: it follows from the data',
  );
}

/** One output serves two classes too. */
function requireOutputs(outputs: number, { classes, root }: DataFacts): void {
  if (classes === null || outputs === classes || (outputs === 1 && classes === 2)) return;
  const wanted = classes === 2 ? '1 or 2' : String(classes);
  throw new SpatterError(
    'CONFIG_VALUE',
    `model.architecture.num_classes must be ${wanted} for the ${classes} classes in ${root}, got ${outputs}`,
    'leave model.architecture.num_classes and training.loss out: they follow from the data',
  );
}

/** @throws {SpatterError} CONFIG_VALUE when the config was never settled. */
export function settledArchitecture({ model }: Config): SettledArchitecture {
  const { in_channels, num_classes } = model.architecture;
  if (in_channels !== null && num_classes !== null)
    return { ...model.architecture, in_channels, num_classes };
  throw unsettled('model.architecture.in_channels and num_classes', 'null');
}

/** @throws {SpatterError} CONFIG_VALUE when the config was never settled. */
export function settledLoss({ training: { loss } }: Config): Exclude<Config['training']['loss'], 'auto'> {
  if (loss !== 'auto') return loss;
  throw unsettled('training.loss', 'auto');
}

function unsettled(what: string, got: string): SpatterError {
  const message = `${what} must be said in the config of a run, got ${got}`;
  return new SpatterError('CONFIG_VALUE', message, 'start the run with spatter train');
}
