// What can be known of a crop without looking at it as a picture: brightness, box, JPEG bytes. The trivial baselines use these.
import type { ShortcutFeatures } from '../metrics/baselines.ts';
import { FACT, FACTS } from './crop-facts.ts';
import { cropBytes } from './packed-cache-file.ts';
import type { PackedCache } from './packed-cache.ts';
import type { CropTimes } from './sidecar.ts';

/**
 * Features of the crops in `rows` of the index. The brightness is the mean of the cached planes (0…255); the area is the
 * contour's where a sidecar tells it, else that of the box.
 */
export function shortcutFeatures(cache: PackedCache, times: CropTimes, rows: Uint32Array): ShortcutFeatures {
  const column = (of: (row: number) => number) => Float64Array.from(rows, of);
  const fact = (row: number, name: keyof typeof FACT) => cache.facts[cache.slots[row]! * FACTS + FACT[name]]!;
  const { area } = times;
  return {
    brightness: column((row) => fact(row, 'sum') / cropBytes(cache)),
    area: column((row) => area?.[row] ?? fact(row, 'width') * fact(row, 'height')),
    width: column((row) => fact(row, 'width')),
    height: column((row) => fact(row, 'height')),
    jpeg_bytes: column((row) => fact(row, 'bytes')),
  };
}
