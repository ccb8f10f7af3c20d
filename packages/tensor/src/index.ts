// Public API of the training compiler.
export { compileForward, exportOnnx } from './compile/forward.ts';
export type { ExportOptions, Forward, ForwardOptions } from './compile/forward.ts';
export type { ImageShape } from './compile/trace.ts';
export { compileTrainStep } from './compile/train-step.ts';
export type { Batch, StepResult, TrainStep, TrainStepOptions } from './compile/train-step.ts';
export { TENSOR_ERRORS, TensorError } from './error.ts';
export type { TensorErrorCode } from './error.ts';
export type { DType, HostTensor, Shape } from './ir/host.ts';
export { add, relu } from './ir/ops.ts';
export type { Tensor } from './ir/primitives.ts';
export { LOSSES } from './losses/catalogue.ts';
export type { Loss } from './losses/loss.ts';
export { batchNorm } from './nn/batch-norm.ts';
export type { BatchNormOptions } from './nn/batch-norm.ts';
export { conv, kaimingFanOut } from './nn/convolution.ts';
export type { ConvOptions } from './nn/convolution.ts';
export { chain, compose, sequential, stateless } from './nn/layer.ts';
export type { Layer, Model, Scope } from './nn/layer.ts';
export {
  avgPool,
  flatten,
  globalAvgPool,
  identity,
  linear,
  maxPool,
  reluLayer,
  sigmoidLayer,
  tanhLayer,
} from './nn/layers.ts';
export type { BufferSpec, Initial, ParameterSpec, State } from './nn/parameters.ts';
export { OPTIMIZERS } from './optimizers/catalogue.ts';
export type { AdamOptions } from './optimizers/adam.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export type { WeightDecayOptions } from './optimizers/weight-decay.ts';
export { SCHEDULES } from './schedules/catalogue.ts';
export type { CosineOptions } from './schedules/cosine.ts';
export type { OneCycleOptions } from './schedules/one-cycle.ts';
export type { Schedule } from './schedules/schedule.ts';
export type { StepOptions } from './schedules/step.ts';
export type { SgdOptions } from './optimizers/sgd.ts';
export { availableDevices, DEVICES } from './runtime/devices.ts';
export type { DeviceName } from './runtime/devices.ts';
export { loadSafetensors, saveSafetensors } from './safetensors/safetensors.ts';
