// What can be known of a crop without looking at it as a picture: brightness, box, JPEG bytes, border. The trivial baselines use these.
import type { ShortcutFeatures } from '../metrics/baselines.ts';
import { FACT, FACTS, LIGHT_LEVELS, borderLength } from './crop-facts.ts';
import type { KnownCrops } from '../metrics/crop-class-baselines.ts';
import type { CropIndex } from './crop-index.ts';
import { recordingLabel, type CropTimes } from './sidecar.ts';

/** Where the facts of crops come from: a packed cache, or a survey. */
export interface FactSource {
  /** [crops, FACTS]. */
  readonly facts: Uint32Array;
  /** Of each index row. */
  readonly slots: Uint32Array;
  /** Planes and their side, pixels. */
  readonly channels: number;
  readonly size: number;
}

/**
 * Features of the crops in `rows` of the index. The brightness is the mean of the cached planes (0…255); the area is the
 * contour's where a sidecar tells it, else that of the box.
 */
export function shortcutFeatures(
  { facts, slots, channels, size }: FactSource,
  area: CropTimes['area'],
  rows: Uint32Array,
): Required<ShortcutFeatures> {
  const column = (of: (row: number) => number) => Float64Array.from(rows, of);
  const fact = (row: number, name: keyof typeof FACT) => facts[slots[row]! * FACTS + FACT[name]]!;
  return {
    brightness: column((row) => fact(row, 'sum') / (channels * size * size)),
    area: column((row) => area?.[row] ?? fact(row, 'width') * fact(row, 'height')),
    width: column((row) => fact(row, 'width')),
    height: column((row) => fact(row, 'height')),
    jpeg_bytes: column((row) => fact(row, 'bytes')),
    background: column((row) => fact(row, 'border') / borderLength(size)),
    darkest: column((row) => fact(row, 'darkest')),
    light: LIGHT_LEVELS.map((_, k) =>
      column((row) => facts[slots[row]! * FACTS + FACT.light + k]! / (size * size)),
    ),
  };
}

/** What is known of the crops in `rows`: classes, recordings and features. */
export function knownCrops(
  { index, times }: { readonly index: Pick<CropIndex, 'label'>; readonly times: CropTimes },
  source: FactSource,
  rows: Uint32Array,
): KnownCrops {
  return {
    label: Uint8Array.from(rows, (row) => index.label[row]!),
    recording: Array.from(rows, (row) => recordingLabel(times, row)),
    features: shortcutFeatures(source, times.area, rows),
  };
}
