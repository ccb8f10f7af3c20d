// The catalogue of charts: data in, SVG document out.
export { baselinesChart, type AccuracyBar } from './charts/baselines.ts';
export { compareChart } from './charts/compare.ts';
export { confusionChart } from './charts/confusion.ts';
export { cropCountsChart, type CropCount } from './charts/crop-counts.ts';
export { histogramChart } from './charts/histogram.ts';
export { layersChart } from './charts/layers.ts';
export { prChart, type NamedPr } from './charts/pr.ts';
export { recordingsChart, type RecordingBar } from './charts/recordings.ts';
export { reliabilityChart } from './charts/reliability.ts';
export { rocChart, type NamedRoc } from './charts/roc.ts';
export { spatterChart, type LayerSpan } from './charts/spatter.ts';
export { sweepFrontChart, type FrontSource } from './charts/sweep-front.ts';
export { sweepHistoryChart } from './charts/sweep-history.ts';
export { sweepImportanceChart } from './charts/sweep-importance.ts';
export { sweepParallelChart } from './charts/sweep-parallel.ts';
export { sweepSliceChart } from './charts/sweep-slice.ts';
export { spreadChart, type SpreadText } from './charts/spread.ts';
export { trainingChart, type EpochFigures } from './charts/training.ts';
