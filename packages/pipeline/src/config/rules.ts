// Rules between fields that the schema cannot say: each names the field to blame and what must hold.
import type { Config } from './schema.ts';

/** A broken rule: `path` is the field to change. */
export interface BrokenRule {
  readonly path: string;
  readonly must: string;
  readonly hint: string;
}

type Rule = (config: Config) => BrokenRule | undefined;

const sharesSumToOne: Rule = ({ data: { split } }) => {
  const sum = split.train + split.val + split.test;
  if (Math.abs(sum - 1) < 1e-6) return undefined;
  const must = `data.split.train + val + test must be 1, got ${Number(sum.toFixed(6))}`;
  return { path: 'data.split.train', must, hint: 'change the shares' };
};

const ratioHasShare: Rule = ({ data }) => {
  if ((data.kind === 'ratio') === (data.class1_ratio !== null)) return undefined;
  const must =
    data.kind === 'ratio'
      ? 'data.class1_ratio must be a number with data.kind=ratio, got null'
      : `data.class1_ratio must be null with data.kind=${data.kind}, got ${String(data.class1_ratio)}`;
  return { path: 'data.class1_ratio', must, hint: 'set both, as in data.kind=ratio data.class1_ratio=0.3' };
};

const outputsFitLoss: Rule = ({ model, training }) => {
  const outputs = model.architecture.num_classes;
  if (outputs === null || training.loss === 'auto' || training.loss === 'focal') return undefined;
  if ((training.loss === 'bce_with_logits') === (outputs === 1)) return undefined;
  const wanted = training.loss === 'bce_with_logits' ? '1' : '2 or more';
  const must = `model.architecture.num_classes must be ${wanted} with training.loss=${training.loss}, got ${outputs}`;
  return { path: 'model.architecture.num_classes', must, hint: 'change one of the two' };
};

const weightsFitClasses: Rule = ({ model, training: { class_weights: weights } }) => {
  const outputs = model.architecture.num_classes;
  if (weights === null || weights === 'balanced' || outputs === null) return undefined;
  if (weights.length === Math.max(2, outputs)) return undefined;
  const must = `training.class_weights must have one number for each of the ${Math.max(2, outputs)} classes, got ${weights.length}`;
  return { path: 'training.class_weights', must, hint: 'give as many numbers as there are classes' };
};

const warmupEnds: Rule = ({ training: { scheduler, epochs } }) => {
  const isOn = scheduler.enabled && scheduler.name === 'cosine';
  if (!isOn || scheduler.warmup_epochs < epochs) return undefined;
  const must = `training.scheduler.warmup_epochs must be < training.epochs (${epochs}), got ${scheduler.warmup_epochs}`;
  return { path: 'training.scheduler.warmup_epochs', must, hint: 'change one of the two' };
};

const channelsFitCrops: Rule = ({ model, data }) => {
  const channels = model.architecture.in_channels;
  const colour = data.kind === 'rgb' || data.kind === 'folder-rgb';
  if (channels === null || channels === 3 || (channels === 1 && !colour)) return undefined;
  const wanted = colour ? '3' : '1 or 3';
  const must = `model.architecture.in_channels must be ${wanted} with data.kind=${data.kind}, got ${channels}`;
  return { path: 'model.architecture.in_channels', must, hint: 'change one of the two' };
};

/** Models whose first fully connected layer fixes the size of the image. */
const SIDES: Partial<Record<Config['model']['name'], number>> = { lenet5: 32, lenet5_activation: 32 };

const sizeFitsModel: Rule = ({ model, data }) => {
  const side = SIDES[model.name];
  if (side === undefined || data.resize === side) return undefined;
  const must = `data.resize must be ${side} with model.name=${model.name}, got ${data.resize}`;
  return { path: 'data.resize', must, hint: 'change one of the two' };
};

/** Every block of `cnn` halves the image; an even kernel, padded by half its side, adds a pixel before. */
const blocksFitImage: Rule = ({ model, data }) => {
  const { depth, kernel } = model.architecture;
  if (model.name !== 'cnn') return undefined;
  let side = data.resize;
  let most = 0;
  for (; side >= 1 && most < depth; most++) side = Math.floor((side + (kernel % 2 === 0 ? 1 : 0)) / 2);
  if (side >= 1) return undefined;
  const must = `model.architecture.depth must be at most ${most - 1} for images of data.resize=${data.resize} pixels, which every block halves, got ${depth}`;
  return { path: 'model.architecture.depth', must, hint: 'change one of the two' };
};

/** The features that timm's networks have, where the config leaves them open. */
const PUBLISHED: Partial<Record<Config['model']['name'], readonly [embedding: number, heads: number]>> = {
  vit_tiny: [192, 3],
  vit_small: [384, 6],
};

const patchesFillImage: Rule = ({ model, data }) => {
  const { patch } = model.architecture;
  if (PUBLISHED[model.name] === undefined || data.resize % patch === 0) return undefined;
  const must = `data.resize must be a multiple of model.architecture.patch (${patch}), got ${data.resize}`;
  return { path: 'model.architecture.patch', must, hint: 'change one of the two' };
};

const headsShareFeatures: Rule = ({ model }) => {
  const published = PUBLISHED[model.name];
  if (published === undefined) return undefined;
  const embedding = model.architecture.embedding ?? published[0];
  const heads = model.architecture.heads ?? published[1];
  if (embedding % heads === 0) return undefined;
  const must = `model.architecture.embedding (${embedding}) must be a multiple of model.architecture.heads, got ${heads}`;
  return { path: 'model.architecture.heads', must, hint: 'change one of the two' };
};

/** Images of a benchmark have neither time nor recording. */
const imagesAreSplitAtRandom: Rule = ({ data: { kind, split } }) => {
  const crops = kind === 'gray' || kind === 'rgb' || kind === 'ratio';
  if (crops || split.kind === 'random') return undefined;
  const must = `data.split.kind must be random with data.kind=${kind}, got ${split.kind}`;
  return { path: 'data.split.kind', must, hint: 'leave it out' };
};

const areasAreOrdered: Rule = ({ extraction: { min_area, max_area } }) =>
  min_area <= max_area
    ? undefined
    : {
        path: 'extraction.max_area',
        must: `extraction.max_area must be ≥ extraction.min_area (${min_area}), got ${max_area}`,
        hint: 'change one of the two',
      };

const boundsAreOrdered: Rule = ({ extraction: { left_bound, right_bound } }) =>
  right_bound === null || left_bound < right_bound
    ? undefined
    : {
        path: 'extraction.right_bound',
        must: `extraction.right_bound must be > extraction.left_bound (${left_bound}), got ${right_bound}`,
        hint: 'change one of the two',
      };

const nesterovHasMomentum: Rule = ({ training: { optimizer } }) =>
  !optimizer.nesterov || optimizer.momentum > 0
    ? undefined
    : {
        path: 'training.optimizer.nesterov',
        must: 'training.optimizer.momentum must be > 0 with training.optimizer.nesterov=true, got 0',
        hint: 'change one of the two',
      };

const runsUpdateAlike: Rule = ({ training: { steps_per_run: steps, accumulate } }) => {
  if (steps === null || steps === 1 || accumulate === 1) return undefined;
  const must = `training.steps_per_run must be 1 with training.accumulate=${accumulate}, got ${steps}`;
  return { path: 'training.steps_per_run', must, hint: 'leave one of the two out' };
};

const timedInFull: Rule = ({ training: { autotune, precision } }) => {
  if (!autotune || precision === 'fp32') return undefined;
  const must = `training.precision must be fp32 with training.autotune=true, got ${precision}`;
  return { path: 'training.autotune', must, hint: 'leave one of the two out' };
};

const RULES: readonly Rule[] = [
  sharesSumToOne,
  ratioHasShare,
  outputsFitLoss,
  weightsFitClasses,
  warmupEnds,
  channelsFitCrops,
  sizeFitsModel,
  blocksFitImage,
  patchesFillImage,
  headsShareFeatures,
  imagesAreSplitAtRandom,
  areasAreOrdered,
  boundsAreOrdered,
  nesterovHasMomentum,
  runsUpdateAlike,
  timedInFull,
];

/** The first rule that `config` breaks. */
export function brokenRule(config: Config): BrokenRule | undefined {
  for (const rule of RULES) {
    const broken = rule(config);
    if (broken !== undefined) return broken;
  }
  return undefined;
}
