// ONNX Runtime with its usage reports off. This package loads it through this file, and others after this package.
import './without-reports.ts';

export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
