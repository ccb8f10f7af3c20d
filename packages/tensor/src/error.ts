// The package's one error class and its table of codes.

/** Stable error codes. Each says when it is raised. */
export const TENSOR_ERRORS = {
  SHAPE: 'Tensors of these shapes or types do not fit the operation.',
  GRADIENT: 'A gradient was asked for that is not defined.',
  DEVICE: 'The device is unknown, or this installation cannot run on it.',
  STATE: 'A training state lacks a tensor, or holds one of another shape.',
  SAFETENSORS: 'A safetensors file is damaged or holds a type that is not supported.',
  RUNTIME: 'ONNX Runtime refused or failed to run a graph.',
} as const;

export type TensorErrorCode = keyof typeof TENSOR_ERRORS;

/** A failure the caller can act on: `message` says what must hold and what arrived, `hint` what to do. */
export class TensorError extends Error {
  readonly code: TensorErrorCode;
  readonly hint: string;

  constructor(code: TensorErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TensorError';
    this.code = code;
    this.hint = hint;
  }
}
