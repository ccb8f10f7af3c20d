// From model, loss and optimiser to the graph of one train step.
import { grad } from '../grad/grad.ts';
import type { Shape } from '../ir/host.ts';
import { input } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Loss } from '../losses/loss.ts';
import type { Model, Scope } from '../nn/layer.ts';
import { clipByNorm, clipByValue, globalNorm } from '../optimizers/clip.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { rewrite } from '../rewrite/rewrite.ts';

/** Channels, height and width of the images. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export interface StepRecipe {
  readonly model: Model;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly inputShape: ImageShape;
  /** Clips the gradients' global norm, as `torch.nn.utils.clip_grad_norm_`. */
  readonly clipNorm?: number | undefined;
  /** Cuts every entry of the gradients to ± this, as `torch.nn.utils.clip_grad_value_`; before the norm is clipped. */
  readonly clipValue?: number | undefined;
  /** Share of every label that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing?: number | undefined;
}

/** Names of the step's inputs and outputs beside the state. */
export const PORTS = { x: 'x', y: 'y', loss: 'loss', logits: 'logits', gradNorm: 'grad_norm' } as const;
/** Under which name the scalar `name` of the optimiser is fed. */
export const scalarPort = (name: string): string => `scalar.${name}`;
/** Under which name the step gives the next value of the state's tensor `name`. */
export const nextPort = (name: string): string => `next.${name}`;
/** The state's name of the optimiser's tensor `slot` for `parameter`. */
export const slotName = (parameter: string, slot: string): string => `optimizer.${parameter}.${slot}`;

/** Inputs by name, made on first use. */
function inputs(): (name: string, shape: Shape) => Tensor {
  const made = new Map<string, Tensor>();
  return (name, shape) => {
    const tensor = made.get(name) ?? input(name, shape);
    made.set(name, tensor);
    return tensor;
  };
}

/** Outputs of the graph of one step on a batch of `size`: loss, logits, and the next value of every state tensor. */
export function traceStep(recipe: StepRecipe, size: number): Record<string, Tensor> {
  const { model, optimizer } = recipe;
  const feed = inputs();
  const parameters = model.parameters.map(({ name, shape }) => feed(name, shape));
  const buffers = new Map<string, Tensor>();
  const traced = model.forward(trainScope(model, feed, buffers), feed(PORTS.x, [size, ...recipe.inputShape]));
  const loss = recipe.loss.forward(traced, feed(PORTS.y, [size]), recipe.labelSmoothing ?? 0);
  const plain = [loss, traced, ...buffers.values()];
  const [lossValue, logits, ...nextBuffers] = rewrite(plain) as [Tensor, Tensor, ...Tensor[]];
  const outputs: Record<string, Tensor> = { [PORTS.loss]: lossValue, [PORTS.logits]: logits };
  for (const [i, name] of [...buffers.keys()].entries()) outputs[nextPort(name)] = nextBuffers[i]!;
  const gradients = clipped(recipe, grad(lossValue, parameters), outputs);
  for (const [i, { name, shape }] of model.parameters.entries()) {
    const next = optimizer.update({
      parameter: parameters[i]!,
      gradient: gradients[i]!,
      slot: (slot) => feed(slotName(name, slot), shape),
      scalar: (scalar) => feed(scalarPort(scalar), []),
    });
    outputs[nextPort(name)] = next.parameter;
    for (const [slot, tensor] of Object.entries(next.slots)) outputs[nextPort(slotName(name, slot))] = tensor;
  }
  return outputs;
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
function lookup(model: Model, feed: (name: string, shape: Shape) => Tensor): (name: string) => Tensor {
  const shapes = new Map([...model.parameters, ...model.buffers].map(({ name, shape }) => [name, shape]));
  return (name) => feed(name, shapes.get(name)!);
}

/** The scope of a train step: what becomes of buffers is collected in `buffers`. */
function trainScope(
  model: Model,
  feed: (name: string, shape: Shape) => Tensor,
  buffers: Map<string, Tensor>,
): Scope {
  return {
    tensor: lookup(model, feed),
    training: true,
    setBuffer: (name, next) => {
      buffers.set(name, next);
    },
  };
}

/** Logits of `model`, in evaluation, for a batch of `size` images fed as `x`. */
export function traceForward(model: Model, inputShape: ImageShape, size: number, x: string): Tensor {
  const feed = inputs();
  const scope: Scope = { tensor: lookup(model, feed), training: false, setBuffer: () => undefined };
  return model.forward(scope, feed(x, [size, ...inputShape]));
}
