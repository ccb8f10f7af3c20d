// Where the time of a train step goes: ONNX Runtime's own profile of the step's graph, summed by operator.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { classification, LOSSES, OPTIMIZERS, type Model } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { traceStep } from '../packages/tensor/src/compile/trace.ts';
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

function graphOf({ model, architecture, inputShape, batch }: TrainingWork): Record<string, Tensor> {
  const build = (MODELS as Readonly<Record<string, (options: never) => Model>>)[model]!;
  const loss = architecture['num_classes'] === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy;
  const objective = classification(build(architecture as never), loss, inputShape);
  return traceStep({ objective, optimizer: OPTIMIZERS.adam() }, batch).outputs;
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

/** Milliseconds and nodes by operator, the shortest run of every node counting. */
function byOperator(events: readonly Event[]): [operator: string, ms: number, nodes: number][] {
  const shortest = new Map<string, [string, number]>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    shortest.set(name, [args.op_name ?? name, Math.min(dur / 1000, shortest.get(name)?.[1] ?? Infinity)]);
  }
  const sums = new Map<string, [number, number]>();
  for (const [operator, ms] of shortest.values()) {
    const [sum, nodes] = sums.get(operator) ?? [0, 0];
    sums.set(operator, [sum + ms, nodes + 1]);
  }
  return [...sums].map(([operator, sum]) => [operator, ...sum] as const).sort((a, b) => b[1] - a[1]) as never;
}

/** The bench that prints the profile of `work`; its figure is the sum over all nodes. */
export const profileBench = (work: TrainingWorkName) => async (): Promise<BenchResult> => {
  const outputs = graphOf(TRAINING_WORKS[work]);
  const model = lower({ outputs, target: 'cpu', block: await channelBlock() });
  const rows = byOperator(await recorded(model, feedsOf(outputs)));
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
