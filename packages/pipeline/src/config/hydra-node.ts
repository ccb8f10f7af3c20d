// The `hydra` node of a run: directories, the job, what it was made from. Overrides `hydra.…` change it; it is saved with the run.
import { posix } from 'node:path';
import { applyOverride } from './apply-overrides.ts';
import { parseOverride } from './grammar.ts';
import { resolveTree, type Surroundings } from './interpolate.ts';
import type { Tree, TreeMap } from './tree.ts';

/** What a `hydra` node says of its job. */
export interface HydraJob extends Surroundings {
  /** Overrides that begin with `hydra.`. */
  readonly hydra: readonly string[];
  /** All others. */
  readonly task: readonly string[];
  /** The command, such as `train`. */
  readonly name: string;
  /** Number of the job in a multirun, from 0; null for a single run. */
  readonly num: number | null;
  readonly cwd: string;
  readonly sources: readonly string[];
}

/** Where a job's files go: null where the config's own rule holds. */
export interface HydraPlaces {
  readonly runDir: string | null;
  readonly sweepDir: string;
  readonly subdir: string;
  readonly tree: TreeMap;
}

/** True for overrides of the `hydra` node. */
export const isHydraOverride = (line: string): boolean => /^[+~]*hydra\./.test(line);

/** Hydra's defaults, but for a single run's directory: that is `paths.run_root`'s matter unless `hydra.run.dir` is given. */
function defaults({ hydra, task, name, num, cwd, sources }: HydraJob): TreeMap {
  const number = num ?? 0;
  const job: TreeMap = {
    name,
    config_name: 'config',
    chdir: false,
    override_dirname: [...task].sort().join(),
  };
  return {
    mode: num === null ? 'RUN' : 'MULTIRUN',
    run: { dir: null },
    sweep: { dir: 'multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}', subdir: '${hydra.job.num}' },
    job: { ...job, num: number, id: String(number) },
    overrides: { hydra: [...hydra], task: [...task] },
    runtime: { cwd, config_sources: [...sources] },
  };
}

/**
 * Composes the node.
 * @throws {SpatterError} CONFIG_OVERRIDE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function composeHydra(job: HydraJob): HydraPlaces {
  const tree: TreeMap = { hydra: defaults(job) };
  const origins = new Map<string, string>();
  const composed = { tree, origins, knownKeys: [], hintFor: () => undefined };
  for (const line of job.hydra) applyOverride(parseOverride(line), composed);
  const hydra = resolveTree(tree, origins, job)['hydra'] as TreeMap;
  const sweep = hydra['sweep'] as TreeMap;
  const dir = (hydra['run'] as TreeMap)['dir'] ?? null;
  return {
    runDir: dir === null ? null : text(dir),
    sweepDir: text(sweep['dir']!),
    subdir: text(sweep['subdir']!),
    tree: hydra,
  };
}

const text = (value: Tree): string =>
  posix.normalize(typeof value === 'string' ? value : JSON.stringify(value));
