// A step of any objective: a pure function (state, batch) → (state, metrics), compiled to one ONNX graph per batch size.
import { TensorError } from '../error.ts';
import type { HostTensor } from '../ir/host.ts';
import type { State } from '../nn/parameters.ts';
import { lower } from '../onnx/lower.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { resolveDevice, type Device } from '../runtime/devices.ts';
import { openSession } from '../runtime/session.ts';
import { graphCache, type GraphKey, type LoweredGraph } from './graph-cache.ts';
import { inParts } from './in-parts.ts';
import {
  batchFeeds,
  checkBatch,
  maskFeeds,
  positionAfter,
  positionOf,
  scalarFeeds,
  stackedFeeds,
  stateFeeds,
  stateNames,
  type Position,
} from './step-feeds.ts';
import { checkState, initialState, nextState, stateTemplate } from './step-state.ts';
import { unlessLeftOut } from './left-out.ts';
import { createTuner, type Tuner } from '../tune/tuner.ts';
import type { ObjectiveMetrics, ObjectiveStepOptions, Step, StepHyper } from './step-types.ts';
import { traceTuned } from './tuned.ts';
import { nextPort, outputPort, PORTS, type StepKind, type StepRecipe } from './trace.ts';

/** Compiles a step of any objective. Throws {@link TensorError} `DEVICE` or `SHAPE` when it cannot be. */
export function compileStep(options: ObjectiveStepOptions): Step {
  const device = resolveDevice(options.device ?? 'auto');
  return device === 'cpu' ? inParts(options, compileWhole) : compileWhole(options);
}

/** A step that computes every batch as a whole. */
function compileWhole(options: ObjectiveStepOptions): Step {
  const device = resolveDevice(options.device ?? 'auto');
  const tuner = options.tuning && createTuner(options.tuning, options);
  const template = stateTemplate(options);
  const graphs = graphCache({
    lower: (key) => lowerGraph(options, { device, tuner }, key),
    open: (model) => openSession(model, { device, threads: options.threads }),
    // What graphs hold on other devices is not this process's.
    memory: () => (device === 'cpu' ? process.memoryUsage.rss() : 0),
  });
  const runTogether: Step['runMany'] = async (state, { inputs, size }, hypers) => {
    const steps = hypers.length;
    checkBatch(inputs, size, steps, options);
    checkState(state, template);
    const kind = kindOf(options, positionOf(state), hypers);
    const { session, masks } = await graphs.get({ size, kind, steps });
    const own = ownFeeds(options, {
      positions: positionsOf(state, size, kind, steps),
      size,
      kind,
      hypers,
      masks,
    });
    const feeds = [...stateFeeds(options, state), ...batchFeeds(options, inputs, size, steps), ...own];
    const results = await session.run(new Map(feeds));
    const said = hypers.map((_, at) => metricsOf(results, at, steps));
    const left = said.filter(({ skipped }) => skipped === true).length;
    return {
      state: nextState(template, state, results, { size, steps, left, updates: kind !== 'wait' }),
      steps: said,
    };
  };
  const runMany = unlessLeftOut(runTogether);
  return {
    initialState: (seed) => initialState(options, template, seed),
    run: async (state, batch, hyper) => {
      const { state: next, steps } = await runMany(state, batch, [hyper]);
      return { state: next, ...steps[0]! };
    },
    runMany,
    dispose: () => graphs.dispose(),
  };
}

async function lowerGraph(
  options: ObjectiveStepOptions,
  { device, tuner }: { readonly device: Device; readonly tuner: Tuner | undefined },
  { size, kind, steps }: GraphKey,
): Promise<LoweredGraph> {
  const { outputs, masks, choices } = await traceTuned(options, size, kind, tuner);
  const changes = (name: string) => nextPort(name) in outputs;
  const names = stateNames(options);
  const model = lower({
    name: 'train_step',
    outputs,
    choices,
    target: device,
    block: device === 'cpu' ? await channelBlock() : undefined,
    precision: options.precision,
    repetition:
      steps === 1
        ? undefined
        : {
            times: steps,
            carried: new Map(names.filter(changes).map((name) => [name, nextPort(name)])),
            shared: new Set(names.filter((name) => !changes(name))),
          },
  });
  return { model, masks };
}

function kindOf({ accumulates }: StepRecipe, { waiting }: Position, hypers: readonly StepHyper[]): StepKind {
  const [updates, waits] = [true, false].map((each) => hypers.every(({ update = true }) => update === each));
  if (updates === true && (waiting === 0 || hypers.length === 1))
    return waiting === 0 ? 'update' : 'update-all';
  if (waits === true && accumulates === true) return 'wait';
  if (waits === true)
    throw new TensorError(
      'STATE',
      'a gradient may wait only in a step that accumulates',
      'compile the step with accumulates: true',
    );
  throw new TensorError(
    'STATE',
    'steps of one run must all update, with no gradient that waits, or all let their gradients wait',
    'run them one by one',
  );
}

/** Where training stands before each step of a run. */
function positionsOf(state: State, size: number, kind: StepKind, steps: number): Position[] {
  const positions = [positionOf(state)];
  while (positions.length < steps) positions.push(positionAfter(positions.at(-1)!, size, kind));
  return positions;
}

/** Numbers and masks of every step of a run. */
function ownFeeds(
  options: ObjectiveStepOptions,
  run: {
    readonly positions: readonly Position[];
    readonly size: number;
    readonly kind: StepKind;
    readonly hypers: readonly StepHyper[];
    readonly masks: LoweredGraph['masks'];
  },
) {
  const { size, kind, hypers, masks } = run;
  return stackedFeeds(
    run.positions.map((position, i) => {
      const own = { position, size, lr: hypers[i]!.lr, masks, seed: options.seed ?? 0 };
      return [...scalarFeeds(options, kind, own), ...maskFeeds(own)];
    }),
  );
}

/** What step `at` of `steps` says. */
function metricsOf(results: ReadonlyMap<string, HostTensor>, at: number, steps: number): ObjectiveMetrics {
  const read = (port: string) => {
    const data = results.get(port)!.data as Float32Array;
    const length = data.length / steps;
    return data.subarray(at * length, (at + 1) * length);
  };
  const prefix = outputPort('');
  const names = [...results.keys()].filter((name) => name.startsWith(prefix));
  return {
    loss: read(PORTS.loss)[0]!,
    outputs: Object.fromEntries(names.map((name) => [name.slice(prefix.length), read(name)])),
    ...(results.has(PORTS.gradNorm) && { gradNorm: read(PORTS.gradNorm)[0]! }),
    ...(results.has(PORTS.finite) && { skipped: read(PORTS.finite)[0] === 0 }),
  };
}
