// What a crop looks like in numbers: brightness, colour, shape of the light, streaks, and to which side of the gas flow it leans.
import type { Crop } from './crops.ts';

/** Columns in the sidecar, in order. */
export const FEATURE_COLUMNS = [
  ...['centroid_x', 'centroid_y', 'saturated', 'red_share', 'blue_share', 'eccentricity', 'orientation'],
  ...['streaks', 'streak_length', 'streak_angle', 'streak_curvature', 'downwind'],
] as const;

/** Measured on gray = (B + G + R) / 3 above the crop's mean, so that the background weighs nothing. Angles in degrees. */
export interface CropFeatures {
  /** Centre of the light, pixels of the region, as `x` and `y` of the box. */
  readonly centroidX: number;
  readonly centroidY: number;
  /** Share of pixels with a byte of 250 or more. */
  readonly saturated: number;
  /** Shares of red and of blue in the sum of all bytes; what is left is green. */
  readonly redShare: number;
  readonly blueShare: number;
  /** Of the ellipse with the light's second moments: 0 round, towards 1 long. */
  readonly eccentricity: number;
  /** Direction of that ellipse's long axis, −90 … 90; 0 is along x, 90 along y (downwards). */
  readonly orientation: number;
  /** Elongated bright parts: at least 8 pixels long and 3 times as long as wide. */
  readonly streaks: number;
  /** Of the longest streak: length in pixels, direction as `orientation`, curvature in 1/pixel; 0 without streaks. */
  readonly streakLength: number;
  readonly streakAngle: number;
  readonly streakCurvature: number;
  /** (light downwind − light upwind) / light, seen from the brightest pixels: −1 … 1. */
  readonly downwind: number;
}

const SATURATED = 250;
const MIN_STREAK_LENGTH = 8;
const MIN_ELONGATION = 3;
/** Pixels a streak's part must have, so that its moments mean something. */
const MIN_PIXELS = 6;
const DEGREES = 180 / Math.PI;

interface GrayPicture {
  readonly width: number;
  readonly height: number;
  /** Sum of the three bytes of each pixel, 0…765. */
  readonly gray: Uint16Array;
}

/** @param flow direction in which the gas blows, degrees: 0 towards larger x, 90 towards larger y */
export function cropFeatures(crop: Crop, flow: number): CropFeatures {
  const picture = toGray(crop);
  const light = moments(picture, 3 * crop.mean);
  const { streaks, longest } = findStreaks(picture, (3 * (crop.mean + crop.max)) / 2);
  return {
    ...{ centroidX: crop.x + CROP_LEFT + light.x, centroidY: crop.y + CROP_LEFT + light.y },
    ...colours(crop),
    ...{ eccentricity: light.eccentricity, orientation: light.orientation },
    ...{ streaks, streakLength: longest.length, streakAngle: longest.orientation },
    streakCurvature: longest.curvature,
    downwind: downwind(picture, 3 * crop.mean, flow),
  };
}

/** Pixels between the box's corner and the crop's; see CROP_INSET. */
const CROP_LEFT = 2;

/** The features as fields of a CSV row, in the order of {@link FEATURE_COLUMNS}. */
export function featureFields(f: CropFeatures): (string | number)[] {
  return [
    ...[f.centroidX.toFixed(2), f.centroidY.toFixed(2), f.saturated.toFixed(4)],
    ...[f.redShare.toFixed(4), f.blueShare.toFixed(4), f.eccentricity.toFixed(4), f.orientation.toFixed(1)],
    ...[f.streaks, f.streakLength.toFixed(2), f.streakAngle.toFixed(1), f.streakCurvature.toFixed(5)],
    f.downwind.toFixed(4),
  ].map((field) => (field === '-0.0' ? '0.0' : field));
}

function toGray({ bgr, width, height }: Crop): GrayPicture {
  const gray = new Uint16Array(width * height);
  for (let i = 0, p = 0; i < gray.length; i++, p += 3) gray[i] = bgr[p]! + bgr[p + 1]! + bgr[p + 2]!;
  return { width, height, gray };
}

function colours({ bgr }: Crop): Pick<CropFeatures, 'saturated' | 'redShare' | 'blueShare'> {
  let blue = 0;
  let green = 0;
  let red = 0;
  let saturated = 0;
  for (let i = 0; i < bgr.length; i += 3) {
    const b = bgr[i]!;
    const g = bgr[i + 1]!;
    const r = bgr[i + 2]!;
    blue += b;
    green += g;
    red += r;
    if (b >= SATURATED || g >= SATURATED || r >= SATURATED) saturated++;
  }
  const sum = Math.max(1, blue + green + red);
  return { saturated: (3 * saturated) / bgr.length, redShare: red / sum, blueShare: blue / sum };
}

interface Moments {
  readonly x: number;
  readonly y: number;
  readonly eccentricity: number;
  readonly orientation: number;
  /** 4 standard deviations along the long and the short axis: the length and width of a filled bar are √3/2 of that. */
  readonly length: number;
  readonly width: number;
}

/** Sums over weighted points; gives centre and second moments. */
class PointSums {
  w = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #yy = 0;

  add(x: number, y: number, w: number): void {
    this.w += w;
    this.#x += w * x;
    this.#y += w * y;
    this.#xx += w * x * x;
    this.#xy += w * x * y;
    this.#yy += w * y * y;
  }

  moments(): Moments {
    const { w } = this;
    const [x, y] = [this.#x / w, this.#y / w];
    // A pixel is a square: its own second moment is 1/12.
    const xx = this.#xx / w - x * x + 1 / 12;
    const yy = this.#yy / w - y * y + 1 / 12;
    const xy = this.#xy / w - x * y;
    const spread = Math.hypot((xx - yy) / 2, xy);
    const [major, minor] = [(xx + yy) / 2 + spread, Math.max(0, (xx + yy) / 2 - spread)];
    return {
      ...{ x, y, eccentricity: Math.sqrt(Math.max(0, 1 - minor / major)) },
      orientation: spread === 0 ? 0 : 0.5 * Math.atan2(2 * xy, xx - yy) * DEGREES,
      ...{ length: 4 * Math.sqrt(major), width: 4 * Math.sqrt(minor) },
    };
  }
}

function moments({ gray, width, height }: GrayPicture, background: number): Moments {
  const sums = new PointSums();
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (gray[i]! > background) sums.add(x, y, gray[i]! - background);
    }
  }
  if (sums.w === 0) sums.add((width - 1) / 2, (height - 1) / 2, 1);
  return sums.moments();
}

interface Streak {
  readonly length: number;
  readonly orientation: number;
  readonly curvature: number;
}

function findStreaks(picture: GrayPicture, limit: number): { streaks: number; longest: Streak } {
  let streaks = 0;
  let longest: Streak = { length: 0, orientation: 0, curvature: 0 };
  for (const part of brightParts(picture, limit)) {
    const sums = new PointSums();
    for (let k = 0; k < part.x.length; k++) sums.add(part.x[k]!, part.y[k]!, 1);
    const { length, width, orientation, x, y } = sums.moments();
    const real = (length * Math.sqrt(3)) / 2;
    if (real < MIN_STREAK_LENGTH || length < MIN_ELONGATION * width) continue;
    streaks++;
    if (real > longest.length) {
      longest = { length: real, orientation, curvature: curvature(part, x, y, orientation) };
    }
  }
  return { streaks, longest };
}

/** Pixels by column and row. */
interface Part {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** Connected pixels (8 neighbours) above `limit`, of at least MIN_PIXELS. */
function brightParts({ gray, width, height }: GrayPicture, limit: number): Part[] {
  // A border of dark pixels spares the question whether a neighbour lies in the picture.
  const stride = width + 2;
  const open = new Uint8Array(stride * (height + 2));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, at = stride * (y + 1) + 1; x < width; x++, i++, at++) if (gray[i]! > limit) open[at] = 1;
  }
  const around = [-stride - 1, -stride, 1 - stride, -1, 1, stride - 1, stride, stride + 1];
  const found = new Int32Array(gray.length);
  const parts: Part[] = [];
  for (let start = open.indexOf(1); start !== -1; start = open.indexOf(1, start)) {
    let end = 1;
    found[0] = start;
    open[start] = 0;
    for (let k = 0; k < end; k++) {
      for (let n = 0; n < 8; n++) {
        const at = found[k]! + around[n]!;
        if (open[at] === 0) continue;
        open[at] = 0;
        found[end++] = at;
      }
    }
    if (end < MIN_PIXELS) continue;
    parts.push(placesOf(found, end, stride));
  }
  return parts;
}

/** Columns and rows of the first `count` of `found`, places in a picture with a border. */
function placesOf(found: Int32Array, count: number, stride: number): Part {
  const [x, y] = [new Int32Array(count), new Int32Array(count)];
  for (let k = 0; k < count; k++) {
    const row = Math.floor(found[k]! / stride);
    y[k] = row - 1;
    x[k] = found[k]! - stride * row - 1;
  }
  return { x, y };
}

/** Second derivative of the parabola v = a·u² + c through the part, u along its axis; the linear term is 0 by the choice of axis. */
function curvature({ x, y }: Part, x0: number, y0: number, degrees: number): number {
  const [cos, sin] = [Math.cos(degrees / DEGREES), Math.sin(degrees / DEGREES)];
  let [u2, u4, vu2] = [0, 0, 0];
  for (let k = 0; k < x.length; k++) {
    const dx = x[k]! - x0;
    const dy = y[k]! - y0;
    const u = dx * cos + dy * sin;
    const v = dy * cos - dx * sin;
    u2 += u * u;
    u4 += u * u * u * u;
    vu2 += v * u * u;
  }
  const variance = u4 - (u2 * u2) / x.length;
  return variance > 0 ? (2 * vu2) / variance : 0;
}

function downwind(picture: GrayPicture, background: number, flow: number): number {
  const { gray, width, height } = picture;
  const [cos, sin] = [Math.cos(flow / DEGREES), Math.sin(flow / DEGREES)];
  const source = brightestAlong(picture, cos, sin);
  let balance = 0;
  let light = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const weight = gray[i]! - background;
      if (weight <= 0) continue;
      light += weight;
      const ahead = x * cos + y * sin - source;
      // Half a pixel either way counts for neither side.
      if (ahead > 0.5) balance += weight;
      else if (ahead < -0.5) balance -= weight;
    }
  }
  return light > 0 ? balance / light : 0;
}

/** Mean place of the brightest pixels along a direction. */
function brightestAlong({ gray, width }: GrayPicture, cos: number, sin: number): number {
  let brightest = 0;
  for (let i = 0; i < gray.length; i++) brightest = Math.max(brightest, gray[i]!);
  let source = 0;
  let count = 0;
  for (let i = gray.indexOf(brightest); i !== -1; i = gray.indexOf(brightest, i + 1)) {
    source += (i % width) * cos + Math.floor(i / width) * sin;
    count++;
  }
  return source / count;
}
