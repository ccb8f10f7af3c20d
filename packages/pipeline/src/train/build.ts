// From config to the engine's parts: model, optimiser, compiled step.
import {
  compileForward,
  compileTrainStep,
  LOSSES,
  OPTIMIZERS,
  type Forward,
  type Model,
  type TrainStep,
} from '@spatter/tensor';
import type { Config } from '../config/index.ts';
import { DATASETS } from '../data/dataset.ts';
import { MODELS } from '../models/catalogue.ts';

/** Channels, height and width of one input image. */
export function inputShape({ data }: Config): [number, number, number] {
  return [DATASETS[data.kind].channels, data.resize, data.resize];
}

/** The network that `config` names. */
export function buildModel({ model }: Config): Model {
  return MODELS[model.name](model.architecture);
}

function buildOptimizer({ optimizer: o }: Config['training']) {
  const weightDecay = o.weight_decay;
  if (o.name === 'adam') return OPTIMIZERS.adam({ betas: o.betas, eps: o.eps, weightDecay });
  return OPTIMIZERS.sgd({ momentum: o.momentum, nesterov: o.nesterov, weightDecay });
}

/** Compiles the train step that `config` describes. */
export function buildStep(config: Config): TrainStep {
  const { training, device, threads } = config;
  return compileTrainStep({
    model: buildModel(config),
    loss: LOSSES[training.loss],
    optimizer: buildOptimizer(training),
    inputShape: inputShape(config),
    clipNorm: training.grad_clip.enabled ? training.grad_clip.max_norm : undefined,
    device,
    threads: threads ?? undefined,
  });
}

/** Compiles the forward pass that `config` describes. */
export function buildForward(config: Config): Forward {
  const { device, threads } = config;
  const model = buildModel(config);
  return compileForward({ model, inputShape: inputShape(config), device, threads: threads ?? undefined });
}
