// The catalogue of policies: config in, the ones it asks for out, in the order in which they decide.
import type { Config } from '../../config/index.ts';
import { keepBest, keepEvery, keepTopK } from './checkpoints.ts';
import { earlyStopping } from './early-stopping.ts';
import type { Policy } from './policy.ts';
import { reduceOnPlateau } from './reduce-on-plateau.ts';

type Training = Config['training'];

/** Hides the type of a policy's memory, which the loop only carries from one epoch to the next. */
const sealed = <M extends object>(policy: Policy<M>): Policy => policy as unknown as Policy;

const POLICIES = {
  top_k: ({ checkpoint: c }) => (c.top_k > 0 ? sealed(keepTopK(c.top_k, c.monitor, c.mode)) : null),
  best: ({ checkpoint: c }) => (c.save_best ? sealed(keepBest(c.monitor, c.mode)) : null),
  every_n: ({ checkpoint: c }) => (c.save_every > 0 ? sealed(keepEvery(c.save_every)) : null),
  reduce_on_plateau: ({ scheduler: s }) =>
    s.enabled && s.name === 'reduce_on_plateau'
      ? sealed(reduceOnPlateau(s.monitor, s.mode, s.patience, s.factor, s.min_lr))
      : null,
  early_stopping: ({ early_stopping: e }) =>
    e.enabled ? sealed(earlyStopping(e.monitor, e.mode, e.patience, e.min_delta)) : null,
} as const satisfies Record<string, (training: Training) => Policy | null>;

export type Policies = ReadonlyMap<string, Policy>;

/** The policies that `training` switches on, by name. */
export function policiesOf(training: Training): Policies {
  const built = Object.entries(POLICIES).map(([name, build]) => [name, build(training)] as const);
  return new Map(built.flatMap(([name, policy]) => (policy === null ? [] : [[name, policy] as const])));
}
