// `npm run bench -- NAME`: measures ours and a peer in turn in one run; ends with one JSON line.
import type { BenchResult } from './result.ts';
import type { TrainingWorkName } from './training.ts';

type Script = { run: () => Promise<BenchResult> };

const trained = async (work: TrainingWorkName): Promise<Script> => ({
  run: (await import('./train.ts')).trainingBench(work),
});

const profiled = async (work: TrainingWorkName): Promise<Script> => ({
  run: (await import('./profile.ts')).profileBench(work),
});

/** The catalogue: one file each, one line here. */
const BENCHES: Record<string, () => Promise<Script>> = {
  jpeg: () => import('./jpeg.ts'),
  loader: () => import('./loader.ts'),
  'data-600k': () => import('./data-600k.ts'),
  extract: () => import('./extract.ts'),
  'extract-stages': () => import('./extract-stages.ts'),
  'train-lenet5': () => trained('train-lenet5'),
  'train-resnet18': () => trained('train-resnet18'),
  'train-efficientnet-b0': () => trained('train-efficientnet-b0'),
  'train-vit-tiny': () => trained('train-vit-tiny'),
  state: () => import('./state.ts'),
  'profile-lenet5': () => profiled('train-lenet5'),
  'profile-resnet18': () => profiled('train-resnet18'),
  'profile-efficientnet-b0': () => profiled('train-efficientnet-b0'),
  'profile-vit-tiny': () => profiled('train-vit-tiny'),
  autotune: () => import('./autotune.ts'),
  'infer-lenet5': () => import('./infer-lenet5.ts'),
  tracking: () => import('./tracking.ts'),
  sweep: () => import('./sweep.ts'),
  serve: () => import('./serve.ts'),
  simulate: () => import('./simulate.ts'),
};

const name = process.argv[2] ?? '';
const load = BENCHES[name];
if (load === undefined) {
  console.log(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHES).join(' ')}`);
  process.exitCode = name === '' ? 0 : 2;
} else {
  console.log(JSON.stringify({ bench: name, ...(await (await load()).run()) }));
}
