// What can be known of a crop without looking at it as a picture: brightness, box, JPEG bytes. The trivial baselines use these.
import type { ShortcutFeatures } from '../metrics/baselines.ts';
import { FACTS, cropBytes } from './packed-cache-file.ts';
import type { PackedCache } from './packed-cache.ts';
import type { CropTimes } from './sidecar.ts';

/**
 * Features of the crops in `rows` of the index. The brightness is the mean of the cached planes (0…255); the area is the
 * contour's where a sidecar tells it, else that of the box.
 */
export function shortcutFeatures(cache: PackedCache, times: CropTimes, rows: Uint32Array): ShortcutFeatures {
  const column = (of: (row: number) => number) => Float64Array.from(rows, of);
  const fact = (row: number, k: number) => cache.facts[cache.slots[row]! * FACTS + k]!;
  const { area } = times;
  return {
    brightness: column((row) => fact(row, 3) / cropBytes(cache)),
    area: column((row) => area?.[row] ?? fact(row, 0) * fact(row, 1)),
    width: column((row) => fact(row, 0)),
    height: column((row) => fact(row, 1)),
    jpeg_bytes: column((row) => fact(row, 2)),
  };
}
