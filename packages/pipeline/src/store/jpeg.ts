// JPEG bytes as OpenCV writes and reads them. Format: docs/reference/formats.md.
export { encodeJpeg, encodeJpegSync } from './jpeg-encoder.ts';
export { JpegDecoder, decodeJpeg, decodeJpegGray, type BgrImage } from './jpeg-decoder.ts';
