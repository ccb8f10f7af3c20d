// The catalogue of models: one file per family, one line per variant here.
import type { Model } from '@spatter/tensor';
import { cnn, type CnnOptions } from './cnn.ts';
import { efficientnetB0, efficientnetB1, type EfficientNetOptions } from './efficientnet.ts';
import { lenet5, lenet5Activation } from './lenet5.ts';
import { resnet18, resnet34, type ResNetOptions } from './resnet.ts';
import { vitSmall, vitTiny, type VitOptions } from './vit.ts';

/** Options of every model together, as `model.architecture` holds them. */
export type AnyModelOptions = CnnOptions & ResNetOptions & EfficientNetOptions & VitOptions;

export const MODELS = {
  lenet5,
  lenet5_activation: lenet5Activation,
  resnet18,
  resnet34,
  efficientnet_b0: efficientnetB0,
  efficientnet_b1: efficientnetB1,
  vit_tiny: vitTiny,
  vit_small: vitSmall,
  cnn,
} as const satisfies Record<string, (options: AnyModelOptions) => Model>;
