// Policies decide after each epoch; the engine performs what they decide. Pure functions over plain data, so a resume replays them exactly.

/** Metrics of one finished epoch. Losses are means over samples; accuracies are fractions in [0, 1]. */
export interface EpochMetrics {
  readonly epoch: number;
  readonly train_loss: number;
  readonly train_accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  readonly lr: number;
}

export type Monitor = 'train_loss' | 'train_accuracy' | 'val_loss' | 'val_accuracy';
export type Mode = 'min' | 'max';

/** What a policy asks the engine to do. `name` is a checkpoint file name without folder. */
export type Decision =
  | { readonly kind: 'save'; readonly name: string }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'set-lr'; readonly lr: number }
  | { readonly kind: 'stop'; readonly reason: string };

/** A policy's memory: plain JSON, kept in the resume file. */
export type PolicyMemory = Record<string, unknown>;

export interface Policy<M extends object = PolicyMemory> {
  readonly initial: M;
  /** Sees the epoch just finished; returns its new memory and what to do. */
  readonly decide: (memory: M, metrics: EpochMetrics) => { memory: M; decisions: readonly Decision[] };
}

/** True when `value` beats `best` by more than `delta`; anything beats null. */
export function improves(value: number, best: number | null, mode: Mode, delta = 0): boolean {
  if (best === null) return true;
  return mode === 'max' ? value > best + delta : value < best - delta;
}
