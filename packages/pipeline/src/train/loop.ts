// The training loop. Everything it needs is given; everything it decides is in `Progress`.
import type { State, TrainStep } from '@spatter/tensor';
import { batchGroups, type Grouping } from './batch-groups.ts';
import { requireFinite, requireScale, requireScored, scored } from './finite-loss.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Policies } from './policies/catalogue.ts';
import type { Decision, EpochMetrics } from './policies/policy.ts';
import { afterBatch, afterEpoch, type Progress } from './progress.ts';

/**
 * `hyper` is what the step is told for the batch to come. `mix` makes of a batch what the step is trained with, and may change its
 * images; the batch itself when missing. `saveEvery` saves `last` every so many batches inside an epoch; 0 = only between epochs.
 */
export interface Training extends Grouping {
  readonly epochs: number;
  readonly step: Pick<TrainStep, 'runMany'>;
  /** Mean loss and accuracy of the validation split. */
  readonly validate: (state: State) => Promise<{ loss: number; accuracy: number }>;
  readonly policies: Policies;
  /** Saves under a checkpoint name; `last` is the one a resume starts from. */
  readonly save: (name: string, checkpoint: Checkpoint) => void;
  readonly remove: (name: string) => void;
  readonly onBatch: (progress: Progress) => void;
  /** Told of each batch that changed no weights because loss or gradients overflowed; only in half precision. */
  readonly onSkipped?: () => void;
  /** Waited for, so that what it learns can still make `interrupted` true. */
  readonly onEpoch: (metrics: EpochMetrics, progress: Progress) => void | Promise<void>;
  /** True when the user asked to stop; the state is saved and the loop ends. */
  readonly interrupted: () => boolean;
}

export const LAST = 'last.safetensors';

/** Trains from `start` until the last epoch, a policy's stop, or an interruption. */
export async function train(run: Training, start: Checkpoint): Promise<Checkpoint> {
  let { state, progress } = start;
  while (progress.epoch <= run.epochs && progress.stopped === null) {
    for await (const { batches, hypers, fed } of batchGroups(run, progress)) {
      const results = await run.step.runMany(state, fed, hypers);
      state = results.state;
      for (const [i, metrics] of results.steps.entries()) {
        const score = scored(metrics, batches[i]!, { state, progress });
        progress = afterBatch({ ...progress, lr: hypers[i]!.lr }, score);
        if (metrics.skipped === true) run.onSkipped?.();
        if (run.saveEvery > 0 && progress.batch % run.saveEvery === 0) run.save(LAST, { state, progress });
        run.onBatch(progress);
      }
      requireScale(results.steps.at(-1)!, { state, progress });
      if (run.interrupted()) return interrupt(run, { state, progress });
    }
    requireScored({ state, progress });
    const validated = await run.validate(state);
    requireFinite(validated.loss, `the validation loss became ${validated.loss} in epoch ${progress.epoch}`);
    const closed = afterEpoch(progress, validated);
    progress = decide(run, { state, progress: closed.progress }, closed.metrics);
    await run.onEpoch(closed.metrics, progress);
    run.save(LAST, { state, progress });
    if (run.interrupted()) break;
  }
  return { state, progress };
}

function interrupt(run: Training, checkpoint: Checkpoint): Checkpoint {
  run.save(LAST, checkpoint);
  return checkpoint;
}

/** Lets every policy see the epoch and does what they say; their memories and effects are in the returned progress. */
function decide(
  { policies, save, remove }: Training,
  checkpoint: Checkpoint,
  metrics: EpochMetrics,
): Progress {
  const outcomes = [...policies].map(([name, policy]) => {
    const memory = checkpoint.progress.memory[name] ?? policy.initial;
    return { name, ...policy.decide(memory, metrics) };
  });
  const decisions = outcomes.flatMap((outcome) => outcome.decisions);
  const memory = Object.fromEntries(outcomes.map((outcome) => [outcome.name, outcome.memory]));
  const progress = decisions.reduce(withDecision, { ...checkpoint.progress, memory });
  for (const decision of decisions) {
    if (decision.kind === 'save') save(decision.name, { ...checkpoint, progress });
    if (decision.kind === 'delete') remove(decision.name);
  }
  return progress;
}

function withDecision(progress: Progress, decision: Decision): Progress {
  if (decision.kind === 'set-lr') return { ...progress, lr: decision.lr };
  if (decision.kind === 'stop') return { ...progress, stopped: decision.reason };
  return progress;
}
