// From an objective and an optimiser to the graph of one train step.
import { grad } from '../grad/grad.ts';
import type { Shape } from '../ir/host.ts';
import { add, input, mul, scalar, select, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Model, Scope } from '../nn/layer.ts';
import type { Objective } from '../nn/objective.ts';
import { clipByNorm, clipByValue, globalNorm } from '../optimizers/clip.ts';
import type { EmaOptions } from '../optimizers/ema.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Precision } from '../onnx/half.ts';
import { rewrite, type Decide } from '../rewrite/rewrite.ts';
import {
  allFinite,
  asNumber,
  GOOD_STEPS,
  LOSS_SCALE,
  nextScaling,
  unscaled,
  whereFinite,
  type LossScaling,
} from './loss-scale.ts';

/** Channels, height and width of the images. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** How gradients become updates. */
export interface UpdateRecipe {
  readonly optimizer: Optimizer;
  /** Clips the gradients' global norm, as `torch.nn.utils.clip_grad_norm_`. */
  readonly clipNorm?: number | undefined;
  /** Cuts every entry of the gradients to ± this, as `torch.nn.utils.clip_grad_value_`; before the norm is clipped. */
  readonly clipValue?: number | undefined;
  /** Keeps a moving average of parameters and buffers beside them, under {@link averageName}. */
  readonly ema?: EmaOptions | undefined;
  /** Whether gradients of several batches may be summed before an update. */
  readonly accumulates?: boolean | undefined;
  /** How products are computed: fp32 (default), or fp16 with the loss scaled. Parameters and optimiser are float32 in either. */
  readonly precision?: Precision | undefined;
  /** With fp16 only. */
  readonly lossScaling?: LossScaling | undefined;
}

export interface StepRecipe extends UpdateRecipe {
  readonly objective: Objective;
}

/** What becomes of a batch's gradient: it waits in the state, or it updates the parameters, alone or with those that wait. */
export type StepKind = 'wait' | 'update' | 'update-all';

const WAITING_SLOT = 'waiting_grad';

/** Names of the step's inputs and outputs beside the state and the objective's own. */
export const PORTS = {
  x: 'x',
  logits: 'logits',
  loss: 'loss',
  gradNorm: 'grad_norm',
  finite: 'finite',
} as const;
/** Under which name the scalar `name` of the optimiser is fed. */
export const scalarPort = (name: string): string => `scalar.${name}`;
/** Under which name a batch feeds the objective's input `name`. */
export const batchPort = (name: string): string => `batch.${name}`;
/** Under which name the mask that was asked for after `count` others is fed. */
const maskPort = (count: number | string): string => `mask.${count}`;
/** Whether the input `name` is a mask. */
export const isMask = (name: string): boolean => name.startsWith(maskPort(''));
/** Under which name the step gives the objective's output `name`. */
export const outputPort = (name: string): string => `output.${name}`;
/** Under which name the step gives the next value of the state's tensor `name`. */
export const nextPort = (name: string): string => `next.${name}`;
/** The state's name of the optimiser's tensor `slot` for `parameter`. */
export const slotName = (parameter: string, slot: string): string => `optimizer.${parameter}.${slot}`;
/** The state's name of the gradients of `parameter` that wait. */
export const waitingName = (parameter: string): string => slotName(parameter, WAITING_SLOT);
/** Whether the state's tensor `name` is a gradient that waits. */
export const isWaiting = (name: string): boolean => name.endsWith(`.${WAITING_SLOT}`);
/** The state's name of the moving average of the parameter or buffer `name`. */
export const averageName = (name: string): string => `ema.${name}`;

/** Fed scalars that are not the optimiser's. */
export const EMA_RATE = 'ema_rate';
export const GRADIENT_SHARE = 'gradient_share';

/** A mask to feed: 1 / keep with probability `keep`, else 0. */
export interface Mask {
  readonly port: string;
  readonly shape: Shape;
  readonly keep: number;
}

export interface TracedStep {
  /** Loss, outputs of the objective, and the next value of every state tensor that changes. */
  readonly outputs: Record<string, Tensor>;
  /** Random inputs, in the order in which the layers asked for them. */
  readonly masks: readonly Mask[];
}

type Feed = (name: string, shape: Shape) => Tensor;

/** Inputs by name, made on first use. */
function inputs(): Feed {
  const made = new Map<string, Tensor>();
  return (name, shape) => {
    const tensor = made.get(name) ?? input(name, shape);
    made.set(name, tensor);
    return tensor;
  };
}

/** The graph of one step on a batch of `size`. */
export function traceStep(
  recipe: StepRecipe,
  size: number,
  kind: StepKind = 'update',
  decide?: Decide,
): TracedStep {
  const { objective } = recipe;
  const feed = inputs();
  const parameters = objective.parameters.map(({ name, shape }) => feed(name, shape));
  const { values, buffers, masks } = traceObjective(objective, feed, size, decide);
  const outputs = Object.fromEntries(values);
  const gradients = gradientsOf(recipe, feed, outputs[PORTS.loss]!, parameters);
  const next = (name: string, tensor: Tensor) => (outputs[nextPort(name)] = tensor);
  const isHalf = recipe.precision === 'fp16';
  for (const [name, tensor] of buffers)
    next(name, isHalf ? whereFinite(tensor, feed(name, tensor.shape)) : tensor);
  const observed = new Set(buffers.map(([name]) => outputs[nextPort(name)]!));
  if (kind === 'wait') {
    for (const [i, { name, shape }] of objective.parameters.entries())
      next(waitingName(name), add(feed(waitingName(name), shape), mul(gradients[i]!, size)));
  } else {
    const whole = kind === 'update' ? gradients : withWaiting(objective, feed, gradients, size);
    update(recipe, feed, clipped(recipe, whole, outputs), next);
    afterUpdate(recipe, feed, outputs, next);
    if (isHalf)
      leaveOutOverflow(recipe, feed, allFinite([...whole, outputs[PORTS.loss]!]), outputs, observed);
  }
  return { outputs, masks };
}

/** Gradients of the loss; in half precision taken of the scaled loss. */
function gradientsOf(
  { precision }: StepRecipe,
  feed: Feed,
  loss: Tensor,
  parameters: readonly Tensor[],
): Tensor[] {
  if (precision !== 'fp16') return grad(loss, parameters);
  const scale = feed(LOSS_SCALE, []);
  return unscaled(grad(mul(loss, scale), parameters), scale);
}

/**
 * Unless loss and gradients are `finite`, everything but what the forward pass `observed`, such as the statistics of the batch,
 * stays as it was, and the loss is scaled less from then on: `torch.amp.GradScaler`, which leaves out the optimiser's step alone.
 */
function leaveOutOverflow(
  { lossScaling = {} }: StepRecipe,
  feed: Feed,
  finite: Tensor,
  outputs: Record<string, Tensor>,
  observed: ReadonlySet<Tensor>,
): void {
  const prefix = nextPort('');
  for (const [port, tensor] of Object.entries(outputs))
    if (port.startsWith(prefix) && !observed.has(tensor))
      outputs[port] = select(finite, tensor, feed(port.slice(prefix.length), tensor.shape));
  const scaling = nextScaling(finite, feed(LOSS_SCALE, []), feed(GOOD_STEPS, []), lossScaling);
  outputs[nextPort(LOSS_SCALE)] = scaling.scale;
  outputs[nextPort(GOOD_STEPS)] = scaling.good;
  outputs[PORTS.finite] = asNumber(finite);
}

/** Loss and outputs by port, and what buffers become. */
function traceObjective(objective: Objective, feed: Feed, size: number, decide?: Decide) {
  const { traced, written, masks } = forwardOf(objective, feed, size);
  const shown = Object.entries(traced.outputs).map(([name, tensor]) => [outputPort(name), tensor] as const);
  const all = [[PORTS.loss, traced.loss] as const, ...shown, ...written];
  const better = rewrite(
    all.map(([, tensor]) => tensor),
    decide,
  );
  const rewritten = all.map(([name], i) => [name, better[i]!] as const);
  return { values: rewritten.slice(0, 1 + shown.length), buffers: rewritten.slice(1 + shown.length), masks };
}

function forwardOf(objective: Objective, feed: Feed, size: number) {
  const [written, masks] = [new Map<string, Tensor>(), [] as Mask[]];
  const entries = Object.entries(objective.inputs);
  const batch = entries.map(([name, shape]) => [name, feed(batchPort(name), [size, ...shape])] as const);
  const traced = objective.forward(
    trainScope(objective, feed, written, masks),
    Object.fromEntries<Tensor>(batch),
  );
  return { traced, written, masks };
}

/** The forward pass alone, as the objective writes it: loss, outputs, and how many buffers it sets. */
export function traceLoss(
  objective: Objective,
  size: number,
): { readonly loss: Tensor; readonly outputs: readonly Tensor[]; readonly buffers: number } {
  const { traced, written } = forwardOf(objective, inputs(), size);
  return { loss: traced.loss, outputs: Object.values(traced.outputs), buffers: written.size };
}

/** The mean gradient over this batch and all that wait. */
function withWaiting({ parameters }: Objective, feed: Feed, gradients: Tensor[], size: number): Tensor[] {
  return parameters.map(({ name, shape }, i) =>
    mul(add(feed(waitingName(name), shape), mul(gradients[i]!, size)), feed(scalarPort(GRADIENT_SHARE), [])),
  );
}

function update(
  { objective, optimizer }: StepRecipe,
  feed: Feed,
  gradients: Tensor[],
  next: (name: string, tensor: Tensor) => void,
): void {
  for (const [i, { name, shape }] of objective.parameters.entries()) {
    const result = optimizer.update({
      parameter: feed(name, shape),
      gradient: gradients[i]!,
      slot: (slot) => feed(slotName(name, slot), shape),
      scalar: (scalar) => feed(scalarPort(scalar), []),
    });
    next(name, result.parameter);
    for (const [slot, tensor] of Object.entries(result.slots)) next(slotName(name, slot), tensor);
  }
}

/** What follows the optimiser: the objective's own hook, then the moving average. */
function afterUpdate(
  { objective, ema }: StepRecipe,
  feed: Feed,
  outputs: Readonly<Record<string, Tensor>>,
  set: (name: string, tensor: Tensor) => void,
): void {
  const tensor = lookup(objective, feed);
  const next = (name: string) => outputs[nextPort(name)] ?? tensor(name);
  objective.afterUpdate?.({ tensor, next, setBuffer: set });
  if (ema === undefined) return;
  for (const { name, shape } of [...objective.parameters, ...objective.buffers]) {
    const average = feed(averageName(name), shape);
    const step = mul(sub(next(name), average), feed(scalarPort(EMA_RATE), []));
    set(averageName(name), add(average, step));
  }
}

/** Clips as the recipe says; a norm that is clipped becomes an output. */
function clipped(
  { clipNorm, clipValue }: StepRecipe,
  gradients: Tensor[],
  outputs: Record<string, Tensor>,
): Tensor[] {
  const cut = clipValue === undefined ? gradients : clipByValue(gradients, clipValue);
  if (clipNorm === undefined) return cut;
  const norm = (outputs[PORTS.gradNorm] = globalNorm(cut));
  return clipByNorm(cut, norm, clipNorm);
}

/** Looks parameters and buffers up as inputs of their names and shapes. */
function lookup(
  { parameters, buffers }: Pick<Objective, 'parameters' | 'buffers'>,
  feed: Feed,
): (name: string) => Tensor {
  const shapes = new Map([...parameters, ...buffers].map(({ name, shape }) => [name, shape]));
  return (name) => feed(name, shapes.get(name)!);
}

/** The scope of a train step: what becomes of buffers is collected in `written`, what is random in `masks`. */
function trainScope(objective: Objective, feed: Feed, written: Map<string, Tensor>, masks: Mask[]): Scope {
  return {
    tensor: lookup(objective, feed),
    training: true,
    keepMask: (shape, keep) => {
      const mask = { port: maskPort(masks.length), shape, keep };
      masks.push(mask);
      return feed(mask.port, shape);
    },
    setBuffer: (name, next) => {
      written.set(name, next);
    },
  };
}

/** Logits of `model`, in evaluation, for a batch of `size` images fed as `x`. */
export function traceForward(model: Model, inputShape: ImageShape, size: number, x: string): Tensor {
  const feed = inputs();
  const scope: Scope = {
    tensor: lookup(model, feed),
    training: false,
    keepMask: () => scalar(1),
    setBuffer: () => undefined,
  };
  return model.forward(scope, feed(x, [size, ...inputShape]));
}
