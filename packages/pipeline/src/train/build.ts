// From config to the engine's parts: model, optimiser, compiled step.
import {
  compileForward,
  compileTrainStep,
  LOSSES,
  OPTIMIZERS,
  type Forward,
  type Model,
  type TrainStep,
  type TunerOptions,
} from '@spatter/tensor';
import { composeConfig, settledArchitecture, settledLoss, type Config } from '../config/index.ts';
import { DATASETS } from '../data/dataset.ts';
import { MODELS } from '../models/catalogue.ts';
import { softLabels } from './mix.ts';

/** Channels, height and width of one input image. */
export function inputShape({ data }: Config): [number, number, number] {
  return [DATASETS[data.kind].channels, data.resize, data.resize];
}

/** The network that `config` names. */
export const buildModel = (config: Config): Model => MODELS[config.model.name](modelOptions(config));

function modelOptions(config: Config) {
  const { in_channels, num_classes, ...options } = settledArchitecture(config);
  const chosen = Object.entries(options).filter(([, value]) => value !== null);
  return { in_channels, num_classes, image: config.data.resize, ...Object.fromEntries(chosen) };
}

/** A line for each option that `config` gives to a network which never looks at it. */
export function unusedOptionNotices(config: Config): string[] {
  const { name } = config.model;
  const usual = composeConfig({ overrides: [`model=${name}`] }).config.model.architecture;
  const used = new Set<string | symbol>();
  const options = new Proxy(modelOptions(config), {
    get: (target, key) => (used.add(key), Reflect.get(target, key) as unknown),
  });
  MODELS[name](options);
  return Object.entries(config.model.architecture)
    .filter(([key, value]) => value !== null && !used.has(key) && value !== Reflect.get(usual, key))
    .map(([key, value]) => `${name} has no ${key}: model.architecture.${key}=${value} changes nothing`);
}

function buildOptimizer({ optimizer: o }: Config['training']) {
  const decay = { weightDecay: o.weight_decay, decayNormAndBias: o.decay_norm_and_bias };
  if (o.name === 'sgd') return OPTIMIZERS.sgd({ momentum: o.momentum, nesterov: o.nesterov, ...decay });
  return OPTIMIZERS[o.name]({ betas: o.betas, eps: o.eps, ...decay });
}

/** Compiles the train step that `config` describes; `weights` by class where the data have to say them, `tuning` where lowerings are timed. */
export function buildStep(config: Config, weights = givenWeights(config), tuning?: TunerOptions): TrainStep {
  const { training, device, threads } = config;
  const { enabled, by, max_norm, max_value } = training.grad_clip;
  return compileTrainStep({
    model: buildModel(config),
    loss: LOSSES[settledLoss(config)],
    optimizer: buildOptimizer(training),
    inputShape: inputShape(config),
    clipNorm: enabled && by === 'norm' ? max_norm : undefined,
    clipValue: enabled && by === 'value' ? max_value : undefined,
    lossOptions: {
      smoothing: training.label_smoothing,
      classWeights: weights,
      gamma: training.focal_gamma,
    },
    softLabels: softLabels(config),
    ema: training.ema.enabled ? training.ema : undefined,
    accumulates: training.accumulate > 1,
    precision: training.precision,
    seed: config.seed,
    device,
    threads: threads ?? undefined,
    tuning,
  });
}

function givenWeights({ training: { class_weights: weights } }: Config): readonly number[] | undefined {
  return weights === null || weights === 'balanced' ? undefined : weights;
}

/** Compiles the forward pass that `config` describes. */
export function buildForward(config: Config): Forward {
  const { device, threads } = config;
  const model = buildModel(config);
  return compileForward({ model, inputShape: inputShape(config), device, threads: threads ?? undefined });
}
