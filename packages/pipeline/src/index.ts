// Public API of spatter as a library: the same steps as on the command line, as functions.
export { composeConfig, loadResolvedConfig, type Config } from './config/index.ts';
export { buildIndex } from './data/build-index.ts';
export { readIndex, type CropIndex } from './data/crop-index.ts';
export { openDataset, type Dataset } from './data/open-dataset.ts';
export { readExportedModel, type ExportedModel, type ModelCard } from './export/exported-model.ts';
export { extractCrops, type Crop, type FrameCrops } from './extract/crops.ts';
export { extractToFiles } from './extract/extract-files.ts';
export { DEFAULT_RULES, type SpatterRules } from './extract/rules.ts';
export { Classifier } from './infer/classifier.ts';
export { evaluateRun } from './infer/evaluate-run.ts';
export { exportRun } from './infer/export-run.ts';
export { predictVideo, type Prediction } from './infer/predict-video.ts';
export { MODELS } from './models/catalogue.ts';
export { createRunDirectory, openRunDirectory, type RunDirectory } from './train/run-directory.ts';
export { trainRun } from './train/train-run.ts';
export { SpatterError, type ErrorCode } from './util/errors.ts';
export { openVideo, type VideoReader } from './video/decoder.ts';
