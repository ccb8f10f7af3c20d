// Where the time of a train step goes: ONNX Runtime's own profile of the step's graph, summed by operator.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { classification, LOSSES, OPTIMIZERS, type Model } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { partsOf } from '../packages/tensor/src/compile/in-parts.ts';
import { traceStep, type StepKind } from '../packages/tensor/src/compile/trace.ts';
import { topologicalOrder } from '../packages/tensor/src/ir/graph.ts';
import { sizeOf } from '../packages/tensor/src/ir/host.ts';
import type { Tensor } from '../packages/tensor/src/ir/primitives.ts';
import { lower } from '../packages/tensor/src/onnx/lower.ts';
import { channelBlock } from '../packages/tensor/src/runtime/channel-block.ts';
import type { BenchResult } from './result.ts';
import { TRAINING_WORKS, type TrainingWork, type TrainingWorkName } from './training.ts';

const THREADS = 2;
const RUNS = 10;
/** Operators that are named; the rest is one line. */
const SHOWN = 15;

interface Event {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

/** A graph that a step runs, and how often. */
interface Graph {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly times: number;
}

/** The graphs of a step of `work`: one for the batch, or one for all its parts but the last and one for that. */
function graphsOf({ model, architecture, inputShape, batch }: TrainingWork): Graph[] {
  const build = (MODELS as Readonly<Record<string, (options: never) => Model>>)[model]!;
  const loss = architecture['num_classes'] === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy;
  const recipe = {
    objective: classification(build(architecture as never), loss, inputShape),
    optimizer: OPTIMIZERS.adam(),
  };
  const parts = partsOf(recipe, batch);
  const graph = (kind: StepKind, times: number): Graph => {
    const accumulates = parts > 1;
    return { outputs: traceStep({ ...recipe, accumulates }, batch / parts, kind).outputs, times };
  };
  return parts === 1 ? [graph('update', 1)] : [graph('wait', parts - 1), graph('update-all', 1)];
}

/** Numbers in every input that are neither zero nor the same; the optimiser's tensors begin as zeros. */
function feedsOf(outputs: Readonly<Record<string, Tensor>>): Record<string, OrtTensor> {
  const inputs = topologicalOrder(Object.values(outputs)).filter((tensor) => tensor.op === 'input');
  const value = (name: string, i: number): number => {
    if (name.startsWith('optimizer')) return 0;
    return name === 'batch.y' ? i % 2 : 0.5 + 0.03 * Math.sin(i);
  };
  return Object.fromEntries(
    inputs.map(({ shape, params: { name } }) => {
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(name, i));
      return [name, new OrtTensor('float32', data, shape)];
    }),
  );
}

/** What ONNX Runtime recorded of `RUNS` runs. */
async function recorded(model: Uint8Array, feeds: Record<string, OrtTensor>): Promise<Event[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-profile-'));
  try {
    const session = await InferenceSession.create(model, {
      intraOpNumThreads: THREADS,
      enableMemPattern: false,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      logSeverityLevel: 3,
      extra: { session: { force_spinning_stop: '1' } },
    });
    for (let run = 0; run < RUNS; run++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    return JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as Event[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type ByOperator = Map<string, { readonly ms: number; readonly nodes: number }>;

/** Milliseconds and nodes by operator, the shortest run of every node counting; added to `sums`, `times` over. */
function addByOperator(sums: ByOperator, events: readonly Event[], times: number): void {
  const shortest = new Map<string, [string, number]>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    shortest.set(name, [args.op_name ?? name, Math.min(dur / 1000, shortest.get(name)?.[1] ?? Infinity)]);
  }
  for (const [operator, each] of shortest.values()) {
    const { ms, nodes } = sums.get(operator) ?? { ms: 0, nodes: 0 };
    sums.set(operator, { ms: ms + times * each, nodes: nodes + times });
  }
}

/** What a step spends by operator, the longest first. */
async function profiled(work: TrainingWork): Promise<[operator: string, ms: number, nodes: number][]> {
  const sums: ByOperator = new Map();
  for (const { outputs, times } of graphsOf(work)) {
    const model = lower({ outputs, target: 'cpu', block: await channelBlock() });
    addByOperator(sums, await recorded(model, feedsOf(outputs)), times);
  }
  return [...sums]
    .map(([operator, { ms, nodes }]): [string, number, number] => [operator, ms, nodes])
    .sort((a, b) => b[1] - a[1]);
}

/** The bench that prints the profile of `work`; its figure is the sum over all nodes. */
export const profileBench = (work: TrainingWorkName) => async (): Promise<BenchResult> => {
  const rows = await profiled(TRAINING_WORKS[work]);
  const total = rows.reduce((sum, [, ms]) => sum + ms, 0);
  const rest = rows.slice(SHOWN).reduce((sum, [, ms]) => sum + ms, 0);
  for (const [operator, ms, nodes] of rows.slice(0, SHOWN))
    console.log(`${ms.toFixed(1).padStart(8)} ms  ${operator} (${nodes} nodes)`);
  console.log(`${rest.toFixed(1).padStart(8)} ms  the rest`);
  return {
    ratio: 1,
    ours: total,
    peer: total,
    unit: 'ms/step in operators',
    peer_version: 'none',
    threads: THREADS,
  };
};
