// Public API of the training compiler.
export { compileForward, exportOnnx, referenceForward } from './compile/forward.ts';
export type { ExportOptions, Forward, ForwardOptions } from './compile/forward.ts';
export { countMacs } from './compile/macs.ts';
export type { ImageShape } from './compile/trace.ts';
export { compileStep } from './compile/step.ts';
export type {
  ObjectiveBatch,
  ObjectiveMetrics,
  ObjectiveResult,
  ObjectiveResults,
  ObjectiveStepOptions,
  Step,
  StepHyper,
} from './compile/step-types.ts';
export { compileTrainStep } from './compile/train-step.ts';
export type { Batch, StepMetrics, StepResult, TrainStep, TrainStepOptions } from './compile/train-step.ts';
export { GOOD_STEPS, LOSS_SCALE } from './compile/loss-scale.ts';
export type { LossScaling } from './compile/loss-scale.ts';
export { averageName } from './compile/trace.ts';
export { TENSOR_ERRORS, TensorError } from './error.ts';
export type { TensorErrorCode } from './error.ts';
export type { DType, HostTensor, Shape } from './ir/host.ts';
export {
  abs,
  add,
  batchMatmul,
  broadcast,
  concat,
  div,
  exp,
  log,
  logSumExp,
  matmul,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  oneHot,
  pad,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  scalar,
  sigmoid,
  silu,
  slice,
  softmax,
  sqrt,
  stopGradient,
  sub,
  tanh,
  transpose,
} from './ir/ops.ts';
export type { Tensor } from './ir/primitives.ts';
export { LOSSES } from './losses/catalogue.ts';
export type { Loss, LossOptions } from './losses/loss.ts';
export { selfAttention } from './nn/attention.ts';
export { batchNorm } from './nn/batch-norm.ts';
export type { BatchNormOptions } from './nn/batch-norm.ts';
export { conv, kaimingFanOut } from './nn/convolution.ts';
export type { ConvOptions } from './nn/convolution.ts';
export { dropout, stochasticDepth } from './nn/dropout.ts';
export { chain, compose, sequential, stateless, under, within } from './nn/layer.ts';
export type { Layer, Model, Scope } from './nn/layer.ts';
export {
  avgPool,
  flatten,
  geluLayer,
  globalAvgPool,
  identity,
  linear,
  maxPool,
  reluLayer,
  sigmoidLayer,
  siluLayer,
  tanhLayer,
} from './nn/layers.ts';
export { layerNorm } from './nn/layer-norm.ts';
export type { LinearOptions } from './nn/layers.ts';
export { classification } from './nn/objective.ts';
export type { Objective, UpdateScope } from './nn/objective.ts';
export type { BufferSpec, Initial, ParameterSpec, State } from './nn/parameters.ts';
export { follow, followed, twin } from './nn/twin.ts';
export type { EmaOptions } from './optimizers/ema.ts';
export { PRECISIONS } from './onnx/half.ts';
export type { Precision } from './onnx/half.ts';
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
export { availableDevices, deviceFacts, DEVICES, resolveDevice } from './runtime/devices.ts';
export type { Device, DeviceFacts, DeviceName } from './runtime/devices.ts';
export type { Race } from './tune/race.ts';
export type { Memory, TunerOptions } from './tune/tuner.ts';
export { openInference } from './runtime/inference.ts';
export type { Inference, InferenceOptions, Inferred } from './runtime/inference.ts';
export { fromBfloat16, fromHalf } from './safetensors/narrow-floats.ts';
export { loadSafetensors, saveSafetensors } from './safetensors/safetensors.ts';
