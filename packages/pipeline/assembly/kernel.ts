// Entry of the WASM kernel: what crosses the border to TypeScript. All memory is laid out by the caller (extract/kernel.ts).
export { differenceMask } from './mask';
export { findContours } from './contours';
export { cutCrop } from './crop';
