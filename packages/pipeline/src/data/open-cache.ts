// Opens a packed cache with a progress bar, and says what is worth knowing about it.
import type { ProgressFactory } from '../util/progress.ts';
import type { CropIndex } from './crop-index.ts';
import { openPackedCache, type PackedCache, type PackedCacheOptions } from './packed-cache.ts';

/** {@link openPackedCache}, with a bar while it builds. */
export async function openCache(
  index: CropIndex,
  options: Omit<PackedCacheOptions, 'onBuild'>,
  progress: ProgressFactory,
): Promise<PackedCache> {
  let stop = (): void => undefined;
  const onBuild = (crops: number) => {
    const bar = progress('packing', crops, 'crops');
    stop = () => bar.stop();
    return (done: number) => bar.update(done);
  };
  try {
    return await openPackedCache(index, { ...options, onBuild });
  } finally {
    stop();
  }
}

/** Lines for people. */
export function cacheNotices({ enlarged, crops, size }: PackedCache): string[] {
  if (enlarged === 0) return [];
  return [`${enlarged} of ${crops} crops are smaller than ${size}×${size} pixels and were enlarged to it`];
}
