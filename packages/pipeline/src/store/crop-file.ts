// Files of crops: HDF5 datasets `{video}_{k}` of JPEG bytes. Format: docs/reference/formats.md.
export { CropFileReader, type CropDataset } from './crop-file-reader.ts';
export { CropFileWriter } from './crop-file-writer.ts';
