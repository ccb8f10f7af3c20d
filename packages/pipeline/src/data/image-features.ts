// Features of prepared images that tell whether a camera still sees what it saw: brightness, contrast, sharpness, veil.

/** One value per image each. */
export interface ImageFeatures {
  /** Mean, gray levels 0 … 255. */
  readonly brightness: Float64Array;
  /** Standard deviation, gray levels. */
  readonly contrast: Float64Array;
  /** Mean absolute difference between neighbours, right and below, as a share of the contrast: a fouled window or a lost focus lowers it, less light does not. */
  readonly sharpness: Float64Array;
  /** Median gray level as a share of the contrast: a fouled window spreads light over what was dark, an exposure scales both. */
  readonly veil: Float64Array;
}

const GRAY_LEVELS = 255;

/** Features of `images` [size, channels, side, side] in [0, 1], as the network gets them. */
export function imageFeatures(
  images: Float32Array,
  size: number,
  { channels, side }: { readonly channels: number; readonly side: number },
): ImageFeatures {
  const features = {
    brightness: new Float64Array(size),
    contrast: new Float64Array(size),
    sharpness: new Float64Array(size),
    veil: new Float64Array(size),
  };
  const length = channels * side * side;
  for (let i = 0; i < size; i++) {
    const image = images.subarray(i * length, (i + 1) * length);
    const { mean, variance } = moments(image);
    features.brightness[i] = mean * GRAY_LEVELS;
    features.contrast[i] = Math.sqrt(variance) * GRAY_LEVELS;
    features.sharpness[i] = variance === 0 ? 0 : meanStep(image, side) / Math.sqrt(variance);
    features.veil[i] = variance === 0 ? 0 : medianLevel(image) / features.contrast[i]!;
  }
  return features;
}

// Plain loops: a server does this for every image.

function moments(image: Float32Array): { readonly mean: number; readonly variance: number } {
  let sum = 0;
  for (const value of image) sum += value;
  const mean = sum / image.length;
  let squares = 0;
  for (const value of image) squares += (value - mean) * (value - mean);
  return { mean, variance: squares / image.length };
}

const levels = new Uint32Array(GRAY_LEVELS + 1);

/** The upper median, in whole gray levels. */
function medianLevel(image: Float32Array): number {
  levels.fill(0);
  for (const value of image) levels[Math.round(value * GRAY_LEVELS)]!++;
  let [level, below] = [0, levels[0]!];
  while (below <= image.length >> 1) below += levels[++level]!;
  return level;
}

/** Mean absolute difference of neighbours over planes of `side` × `side`. */
function meanStep(image: Float32Array, side: number): number {
  let sum = 0;
  const last = side - 1;
  const planes = image.length / (side * side);
  for (let row = 0, i = 0; row < planes * side; row++) {
    const below = row % side < last;
    for (let column = 0; column < side; column++, i++) {
      if (column < last) sum += Math.abs(image[i + 1]! - image[i]!);
      if (below) sum += Math.abs(image[i + side]! - image[i]!);
    }
  }
  return sum / (2 * planes * side * last);
}
