// Tensors as plain memory: element types, shapes, and the values that go in and out of compiled graphs.

/** Element types, each with the typed array that holds it in memory (`bool` is one byte, 0 or 1). */
export interface DTypes {
  float32: Float32Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type DType = keyof DTypes;
export type Shape = readonly number[];

/** A tensor in memory, row-major. The library never writes into `data` that it was given. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: DTypes[DType];
}

/** Number of elements of a tensor of `shape`. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Row-major strides of `shape`, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** How shapes are written in messages: `[8, 3, 32, 32]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** A float32 host tensor; without `data` it is zero. */
export function float32(shape: Shape, data: Float32Array = new Float32Array(sizeOf(shape))): HostTensor {
  return { dtype: 'float32', shape, data };
}
