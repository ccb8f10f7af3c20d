// What an extraction is asked for, and the parameters that its record keeps of it.
import type { RecordingFacts } from '../store/recording-facts.ts';
import type { ProgressFactory } from '../util/progress.ts';
import type { DecoderName } from '../video/decoder.ts';
import type { Request } from './earlier-run.ts';
import type { LayerTimes } from './layers.ts';
import type { ExtractionParameters } from './record.ts';
import { DEFAULT_RULES, regionOf, type Mode, type SpatterRules } from './rules.ts';

export interface ExtractOptions extends Partial<SpatterRules> {
  /** What its files and datasets are called; default: the video's file name without the extension. */
  readonly name?: string;
  /** First frame looked at, counted from 0. */
  readonly startFrame?: number;
  /** Keep the crops (default). False writes the frame log only. */
  readonly capture?: boolean;
  readonly mode?: Mode;
  /** Frames without spatter after which a new layer begins; default 700. */
  readonly layerGap?: number;
  /** The machine's layer times, instead of the gap. */
  readonly layerTimes?: LayerTimes;
  /** Direction of the gas flow in the picture, degrees: 0 (default) towards larger x, 90 towards larger y. */
  readonly flowDirection?: number;
  /** Stop after this many crops. */
  readonly maxCrops?: number;
  /** Draw spatter over frames and layers as a page. */
  readonly graph?: boolean;
  /** Write the video again with what was found drawn on it; needs capture. */
  readonly preview?: boolean;
  /** What a manifest told of the recording: goes into the HDF5 file's attributes and the record. */
  readonly facts?: RecordingFacts;
  readonly overwrite?: boolean;
  readonly decoder?: DecoderName | 'auto';
  /** Threads FFmpeg may decode with; 0 (default) lets it choose. Changes nothing but the time. */
  readonly threads?: number;
  readonly progress?: ProgressFactory;
}

/** Options of one video with what its extraction is known by. */
export type Course = ExtractOptions & Request & { readonly name: string };

/** Frames without spatter after which a new layer begins. */
export const LAYER_GAP = 700;

/** The rules that hold: those given, else the reference method's. */
export function rulesOf(options: ExtractOptions): SpatterRules {
  return { ...DEFAULT_RULES, ...definedOnly(options) };
}

/** The rules that are really given: an option that is present but undefined must not hide a default. */
function definedOnly(options: ExtractOptions): Partial<SpatterRules> {
  const given = Object.keys(DEFAULT_RULES).map((key) => [key, options[key as keyof SpatterRules]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<SpatterRules>;
}

/**
 * What decides the files of an extraction, besides the video and the version.
 * @param width of the video's frames
 * @throws {SpatterError} USAGE.
 */
export function parametersOf(
  rules: SpatterRules,
  options: ExtractOptions,
  width: number,
): ExtractionParameters {
  const { left, right } = regionOf(rules, width);
  const times = options.layerTimes;
  return {
    ...{ mode: options.mode ?? 'corrected', start_frame: options.startFrame ?? 0 },
    ...{ left_bound: left, right_bound: right, min_area: rules.minArea, max_area: rules.maxArea },
    ...{ threshold: rules.threshold, reject_edges: rules.rejectEdges === true },
    layer_gap: times === undefined ? (options.layerGap ?? LAYER_GAP) : null,
    layer_times: times?.sha256 ?? null,
    flow_direction: options.flowDirection ?? 0,
    ...{ capture: options.capture ?? true, max_crops: options.maxCrops ?? null },
    decoder: options.decoder ?? 'auto',
  };
}
