// Light on the sensor, before exposure: two planes (white-hot and orange), touched only where something glows.

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Row-major light; 1 just saturates at exposure 1. */
  readonly white: Float32Array;
  readonly warm: Float32Array;
  /** Touched box: left, top, right, bottom; right and bottom are exclusive; empty when left ≥ right. */
  readonly box: [number, number, number, number];
}

export function createCanvas(width: number, height: number): Canvas {
  const plane = (): Float32Array => new Float32Array(width * height);
  return { width, height, white: plane(), warm: plane(), box: [width, height, 0, 0] };
}

/** Makes the touched box dark again. */
export function clearCanvas({ width, height, white, warm, box }: Canvas): void {
  const [left, top, right, bottom] = box;
  for (let y = top; y < bottom; y++) {
    white.fill(0, y * width + left, y * width + right);
    warm.fill(0, y * width + left, y * width + right);
  }
  box[0] = width;
  box[1] = height;
  box[2] = box[3] = 0;
}

/** A tapered capsule: a segment with a radius at either end. */
export interface Capsule {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Pixels, at `from` and at `to`; the light reaches 0 there. */
  readonly radii: readonly [number, number];
  /** Light on the axis. */
  readonly light: number;
  /** Fades the light to 0 at `to` when true. */
  readonly fading?: boolean;
}

/** Adds the light of a capsule, with the profile (1 − d²/r²)² across it. */
export function addCapsule(canvas: Canvas, plane: Float32Array, capsule: Capsule): void {
  const { from, to, radii, light, fading = false } = capsule;
  const reach = Math.max(radii[0], radii[1]);
  const [left, top, right, bottom] = touch(canvas, from, to, reach);
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const perLength = 1 / Math.max(dx * dx + dy * dy, 1e-6);
  for (let y = top; y < bottom; y++) {
    const py = y - from[1];
    for (let x = left; x < right; x++) {
      const px = x - from[0];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) * perLength));
      const ox = px - t * dx;
      const oy = py - t * dy;
      const radius = radii[0] + t * (radii[1] - radii[0]);
      const rest = 1 - (ox * ox + oy * oy) / (radius * radius);
      if (rest > 0) plane[y * canvas.width + x]! += light * (fading ? 1 - t : 1) * rest * rest;
    }
  }
}

/** Pixels within `reach` of a segment, clipped to the canvas; grows the touched box. */
function touch(
  canvas: Canvas,
  from: readonly [number, number],
  to: readonly [number, number],
  reach: number,
) {
  const { width, height, box } = canvas;
  const left = Math.max(0, Math.ceil(Math.min(from[0], to[0]) - reach));
  const top = Math.max(0, Math.ceil(Math.min(from[1], to[1]) - reach));
  const right = Math.min(width, Math.floor(Math.max(from[0], to[0]) + reach) + 1);
  const bottom = Math.min(height, Math.floor(Math.max(from[1], to[1]) + reach) + 1);
  if (left < right && top < bottom) growBox(box, left, top, right, bottom);
  return [left, top, right, bottom] as const;
}

/** Makes the touched box hold another one. */
export function growBox(box: Canvas['box'], left: number, top: number, right: number, bottom: number): void {
  if (left < box[0]) box[0] = left;
  if (top < box[1]) box[1] = top;
  if (right > box[2]) box[2] = right;
  if (bottom > box[3]) box[3] = bottom;
}

/** Adds a round dot of light with the profile 1 − d²/r² and `radius` ≥ 0.8 pixels: the brush of streaks. */
export function addDot(
  canvas: Canvas,
  plane: Float32Array,
  x: number,
  y: number,
  radius: number,
  light: number,
): void {
  const { width, height, box } = canvas;
  const left = Math.max(0, Math.ceil(x - radius));
  const top = Math.max(0, Math.ceil(y - radius));
  const right = Math.min(width, Math.floor(x + radius) + 1);
  const bottom = Math.min(height, Math.floor(y + radius) + 1);
  if (left >= right || top >= bottom) return;
  growBox(box, left, top, right, bottom);
  const shrink = 1 / (radius * radius);
  for (let row = top; row < bottom; row++) {
    const dy = (row - y) * (row - y);
    for (let column = left; column < right; column++) {
      const rest = 1 - ((column - x) * (column - x) + dy) * shrink;
      if (rest > 0) plane[row * width + column]! += light * rest;
    }
  }
}
