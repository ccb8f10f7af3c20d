// Public API: studies, samplers, pruners and storages that work together with Optuna.
export { hypervolume, referencePoint } from './analysis/hypervolume.ts';
export { parameterImportance, type ImportanceOptions } from './analysis/importance.ts';
export { dominates, nonDominationRanks, paretoFront } from './analysis/pareto.ts';
export * from './distributions.ts';
export { HPO_ERRORS, HpoError, type HpoErrorCode } from './errors.ts';
export { mersenneTwister, randomStream, type Random } from './numeric/random.ts';
export { hyperbandPruner, type HyperbandOptions } from './pruners/hyperband.ts';
export { noPruner } from './pruners/none.ts';
export { patientPruner, type PatientOptions } from './pruners/patient.ts';
export { medianPruner, percentilePruner, type PercentileOptions } from './pruners/percentile.ts';
export type { Pruner, PruningContext, PruningDecision } from './pruners/pruner.ts';
export { successiveHalvingPruner, type SuccessiveHalvingOptions } from './pruners/successive-halving.ts';
export { thresholdPruner, type ThresholdOptions } from './pruners/threshold.ts';
export type { Json } from './python-json.ts';
export { gridSampler, type GridOptions } from './samplers/grid.ts';
export { nsga2Sampler, type Nsga2Options } from './samplers/nsga2.ts';
export { quasiRandomSampler, type QuasiRandomOptions } from './samplers/quasi-random.ts';
export { randomSampler } from './samplers/random.ts';
export type { JointSample, Sampler, SamplingContext } from './samplers/sampler.ts';
export { tpeSampler, type TpeOptions } from './samplers/tpe.ts';
export { commonSpace, groupedSpaces, type SearchSpace } from './search-space.ts';
export { openJournal } from './storages/journal/journal.ts';
export { MemoryStorage } from './storages/memory.ts';
export { openStorage } from './storages/open.ts';
export { openPostgres } from './storages/postgres.ts';
export { openSqlite } from './storages/sqlite.ts';
export type { Heartbeats, Storage, StoredParam, TrialUpdate } from './storages/storage.ts';
export { createStudy, deleteStudy, loadStudy } from './study/open.ts';
export type { CreateStudyOptions, WorkerOptions } from './study/open.ts';
export type { Objective, OptimizeOptions } from './study/optimize.ts';
export type { FinalState } from './study/outcome.ts';
export { retryOf, startHeartbeat, type HeartbeatOptions } from './study/stale.ts';
export { Study } from './study/study.ts';
export { Trial, TrialPruned } from './study/trial.ts';
export { constraintsOf, isFinished, lastStep, violation } from './trial-record.ts';
export type {
  Direction,
  FrozenStudy,
  FrozenTrial,
  Params,
  TrialState,
  TrialTemplate,
} from './trial-record.ts';
