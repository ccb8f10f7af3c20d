// What a training run logs: its data and split, metrics by step and epoch, and its files when it ends.
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../data/open-dataset.ts';
import type { RunStatus, TrackedRun } from '../tracking/index.ts';
import type { EpochMetrics } from './policies/policy.ts';
import type { Progress } from './progress.ts';
import { checkpointFolder, type RunDirectory } from './run-directory.ts';
import { trackRun, type Tracking } from './tracked-run.ts';

/** What a run directory holds besides checkpoints. */
const FILES = ['config.yaml', 'overrides.yaml', 'dataset.json', 'history.csv'];

/**
 * Logs metrics as training goes on: by epoch under their own names, every `training.log_every` batches as `step/…`, where
 * the step counts batches over all epochs.
 */
export class TrainingLog {
  readonly #run: TrackedRun | null;
  readonly #directory: RunDirectory;
  readonly #batches: number;
  #epochBegan = performance.now();
  #cpu = process.cpuUsage();

  private constructor(run: TrackedRun | null, directory: RunDirectory, batches: number) {
    this.#run = run;
    this.#directory = directory;
    this.#batches = batches;
  }

  /**
   * Begins or continues the tracked run of `directory`; without `tracking` every method does nothing.
   * @param batches batches of an epoch.
   */
  static async open(
    tracking: Tracking | undefined,
    directory: RunDirectory,
    dataset: Dataset,
    batches: number,
  ): Promise<TrainingLog> {
    const run = tracking === undefined ? null : await trackRun(tracking, directory);
    if (run !== null) logData(run, directory, dataset);
    return new TrainingLog(run, directory, batches);
  }

  batch({ epoch, batch, sums: { loss, correct, samples } }: Progress): void {
    const step = (epoch - 1) * this.#batches + batch;
    if (this.#run === null || step % this.#directory.config.training.log_every !== 0) return;
    if (samples === 0) return;
    this.#run.logMetrics(
      { 'step/train_loss': loss / samples, 'step/train_accuracy': correct / samples },
      step,
    );
  }

  epoch({ epoch, ...metrics }: EpochMetrics): void {
    this.#run?.logMetrics({ ...metrics, ...this.#system() }, epoch);
  }

  /** Logs what the run left on the disk, and how it ended. */
  async end(status: Exclude<RunStatus, 'RUNNING'>): Promise<void> {
    if (this.#run === null) return;
    const { path, config } = this.#directory;
    for (const name of FILES) this.#run.logArtifacts(join(path, name));
    const { checkpoints } = config.tracking;
    const kept = checkpoints === 'best' ? 'best.safetensors' : '';
    if (checkpoints !== 'none') this.#run.logArtifacts(join(checkpointFolder(path), kept), 'checkpoints');
    await this.#run.end(status);
  }

  /** Under the names of MLflow's own system metrics, which its page shows apart. */
  #system(): Record<string, number> {
    const seconds = (performance.now() - this.#epochBegan) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    [this.#epochBegan, this.#cpu] = [performance.now(), process.cpuUsage()];
    return {
      'system/epoch_seconds': seconds,
      'system/cpu_utilization_percentage': (user + system) / 1e4 / seconds / availableParallelism(),
      'system/process_memory_usage_megabytes': process.memoryUsage.rss() / 1e6,
      'system/system_memory_usage_megabytes': (totalmem() - freemem()) / 1e6,
    };
  }
}

function logData(run: TrackedRun, { config }: RunDirectory, { description, split, basis }: Dataset): void {
  const { hash, ...profile } = description;
  if (basis.val_leak_share !== null) run.logMetrics({ val_leak_share: basis.val_leak_share }, 0);
  run.setTags({ 'spatter.dataset_hash': hash, 'spatter.split': JSON.stringify(split.contract) });
  run.logDataset({
    name: config.data.root,
    digest: hash.slice(0, 36),
    source: config.data.root,
    profile: { ...profile, split: split.contract.rows },
    context: 'training',
    tags: { split: split.contract.kind },
  });
}
