// The catalogue of models: one file per family, one line per variant here.
import type { Model } from '@spatter/tensor';
import { lenet5, lenet5Activation, type ModelOptions } from './lenet5.ts';

export const MODELS = {
  lenet5,
  lenet5_activation: lenet5Activation,
} as const satisfies Record<string, (options: ModelOptions) => Model>;
