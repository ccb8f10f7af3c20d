// The catalogue of optimisers: one file each, one line here.
import { adam } from './adam.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

export const OPTIMIZERS = { adam, sgd } as const satisfies Record<string, (options: never) => Optimizer>;
