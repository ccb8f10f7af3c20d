// Lowering: turns a graph of primitives into an ONNX model, by the rules of the target device.
import { TensorError } from '../error.ts';
import { countUses, topologicalOrder } from '../ir/graph.ts';
import type { HostTensor } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import { fromBlocks, toBlocks } from './blocks.ts';
import { inBlocks } from './blocked-rules.ts';
import type { LoweringContext, Rule, Target } from './context.ts';
import { Emitter, type Port } from './emitter.ts';
import { halfCasts, isHalf, type Precision } from './half.ts';
import type { Repetition } from './repeated.ts';
import { RULES } from './rules.ts';
import { chosenFor, type Choices } from '../tune/question.ts';

export interface LoweringOptions {
  /** Graph outputs by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly name?: string;
  readonly target?: Target;
  /** Channels per block of the CPU's own convolution kernels (`channelBlock`); left out: standard operators only. */
  readonly block?: number | undefined;
  /** How products are computed; fp32 when left out. Half precision uses no kernels of blocked channels. */
  readonly precision?: Precision | undefined;
  /** Lowerings that timing chose (tune/question.ts). */
  readonly choices?: Choices;
  /** Inputs of the ir that become constants of the model. */
  readonly initializers?: ReadonlyMap<string, HostTensor>;
  /** Name of a symbolic first extent that these inputs, and all outputs, get in place of the traced one. */
  readonly dynamic?: { readonly axis: string; readonly inputs: readonly string[] };
  readonly metadata?: Record<string, string>;
  /** Runs the graph several times, see `repeated`. */
  readonly repetition?: Repetition | undefined;
}

/** The ONNX model file that computes `outputs`. Deterministic: the same graph gives the same bytes. */
export function lower(options: LoweringOptions): Uint8Array {
  const { outputs, target = 'any', initializers = new Map<string, HostTensor>(), dynamic } = options;
  const emitter = new Emitter();
  const order = topologicalOrder(Object.values(outputs));
  const context = createContext(emitter, order, options, target, initializers);
  for (const [name, tensor] of Object.entries(outputs)) emitter.rename(context.value(tensor), name);
  const port = (name: string, { dtype, shape }: Tensor, isDynamic: boolean): Port => ({
    name,
    dtype,
    shape: isDynamic && dynamic ? [dynamic.axis, ...shape.slice(1)] : shape,
  });
  const inputs = order
    .filter((tensor) => tensor.op === 'input')
    .filter((tensor) => !initializers.has(tensor.params.name))
    .map((tensor) => port(tensor.params.name, tensor, dynamic?.inputs.includes(tensor.params.name) ?? false));
  const outputPorts = Object.entries(outputs).map(([name, tensor]) =>
    port(name, tensor, dynamic !== undefined),
  );
  return emitter.model(options.name ?? 'graph', inputs, outputPorts, options);
}

/** Names of the values that hold a tensor: in float32, in either order of its elements, or in half precision. */
interface Home {
  plain?: string;
  blocked?: string;
  half?: string;
}

function createContext(
  emitter: Emitter,
  order: readonly Tensor[],
  { outputs, block, precision, choices }: LoweringOptions,
  target: Target,
  initializers: ReadonlyMap<string, HostTensor>,
): LoweringContext {
  const homes = new Map<Tensor, Home>();
  const uses = countUses(order, Object.values(outputs));
  const { narrowed, widened, rounded } = halfCasts(emitter, target);
  const context: LoweringContext = {
    emitter,
    target,
    block: precision === 'fp16' ? undefined : block,
    chosen: (node) => choices && chosenFor(choices, node),
    usedOnce: (tensor) => uses.get(tensor) === 1,
    value: (tensor) => {
      const home = homeOf(tensor);
      return (home.plain ??=
        home.half === undefined ? fromBlocks(emitter, home.blocked!, tensor.shape[1]!) : widened(home.half));
    },
    blocked: (tensor) => {
      const home = homeOf(tensor);
      return (home.blocked ??= toBlocks(emitter, home.plain!));
    },
    isBlocked: (tensor) => homeOf(tensor).blocked !== undefined,
    isHalf: (tensor) => precision === 'fp16' && isHalf(context, tensor),
  };
  /** What rules see when they compute in half precision. */
  const halved: LoweringContext = {
    ...context,
    value: (tensor) => (homeOf(tensor).half ??= narrowed(context.value(tensor))),
  };
  const newHome = (tensor: Tensor): Home => {
    if (context.isHalf(tensor)) return { half: rounded(tensor, lowerOne(tensor, halved, initializers)) };
    const blocked = inBlocks(context, tensor);
    return blocked === undefined ? { plain: lowerOne(tensor, context, initializers) } : { blocked };
  };
  const homeOf = (tensor: Tensor): Home => {
    const home = homes.get(tensor) ?? newHome(tensor);
    homes.set(tensor, home);
    return home;
  };
  return context;
}

function lowerOne(
  tensor: Tensor,
  context: LoweringContext,
  initializers: ReadonlyMap<string, HostTensor>,
): string {
  if (tensor.op !== 'input') return (RULES[tensor.op] as Rule<typeof tensor.op>)(context, tensor);
  const { name } = tensor.params;
  const value = initializers.get(name);
  if (value === undefined) return name;
  if (value.dtype !== tensor.dtype)
    throw new TensorError('STATE', `"${name}" must be ${tensor.dtype}, but got ${value.dtype}`, 'convert it');
  return context.emitter.initializer(value, name);
}
