// The catalogue of optimisers: one file each, one line here.
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

export const OPTIMIZERS = { adam, adamw, sgd } as const satisfies Record<
  string,
  (options: never) => Optimizer
>;
