// Public API of the training compiler.
export { compileForward, exportOnnx } from './compile/forward.ts';
export type { ExportOptions, Forward, ForwardOptions } from './compile/forward.ts';
export type { ImageShape } from './compile/trace.ts';
export { compileTrainStep } from './compile/train-step.ts';
export type { Batch, StepResult, TrainStep, TrainStepOptions } from './compile/train-step.ts';
export { TENSOR_ERRORS, TensorError } from './error.ts';
export type { TensorErrorCode } from './error.ts';
export type { DType, HostTensor, Shape } from './ir/host.ts';
export type { Tensor } from './ir/primitives.ts';
export { LOSSES } from './losses/catalogue.ts';
export type { Loss } from './losses/loss.ts';
export {
  avgPool,
  conv,
  flatten,
  linear,
  maxPool,
  reluLayer,
  sequential,
  sigmoidLayer,
  tanhLayer,
} from './nn/layers.ts';
export type { Layer, Model, Parameters } from './nn/layers.ts';
export type { ParameterSpec, State } from './nn/parameters.ts';
export { OPTIMIZERS } from './optimizers/catalogue.ts';
export type { AdamOptions } from './optimizers/adam.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export type { SgdOptions } from './optimizers/sgd.ts';
export { availableDevices, DEVICES } from './runtime/devices.ts';
export type { DeviceName } from './runtime/devices.ts';
export { loadSafetensors, saveSafetensors } from './safetensors/safetensors.ts';
