// What counts as spatter: the area limits, the threshold, the part of the frame looked at, and why a contour is rejected.
import { SpatterError } from '../util/errors.ts';
import type { StillRule } from '../video/reader.ts';
import type { Contour, Region } from './kernel.ts';

export interface SpatterRules {
  /** First column looked at. */
  readonly leftBound: number;
  /** One past the last column looked at; beyond the frame's width means the width. */
  readonly rightBound: number;
  /** Smallest accepted `cv2.contourArea`, square pixels, inclusive. */
  readonly minArea: number;
  /** Largest accepted area, inclusive. */
  readonly maxArea: number;
  /** A pixel belongs to the mask when its blurred gray difference exceeds this; whole, 0…255. */
  readonly threshold: number;
  /** Leave out contours that touch the left or right bound or the frame's edge: their spatter may go on beyond it. */
  readonly rejectEdges?: boolean;
}

/** The reference method's values. */
export const DEFAULT_RULES: SpatterRules = {
  leftBound: 0,
  rightBound: 99999,
  minArea: 2000,
  maxArea: 15000,
  threshold: 20,
  rejectEdges: false,
};

/** Why a contour gives no crop, in the order in which the reasons are tried. */
export const REJECTIONS = ['small', 'large', 'empty', 'edge', 'blue'] as const;
export type Rejection = (typeof REJECTIONS)[number];
export type RejectionCounts = Record<Rejection, number>;

/** Pixels cut off a contour's bounding box: the reference keeps clear of the box it draws, 2 before and 1 behind. */
export const CROP_INSET = { before: 2, behind: 1 } as const;

/** The rejection that needs no pixels, or null. A box of 3 or fewer pixels a side leaves an empty crop. */
export function rejectByShape(contour: Contour, rules: SpatterRules, area: Size): Rejection | null {
  const inset = CROP_INSET.before + CROP_INSET.behind;
  if (contour.area < rules.minArea) return 'small';
  if (contour.area > rules.maxArea) return 'large';
  if (contour.w <= inset || contour.h <= inset) return 'empty';
  return rules.rejectEdges === true && touchesEdge(contour, area) ? 'edge' : null;
}

/** Size of the part of the frame that is looked at. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

function touchesEdge({ x, y, w, h }: Contour, { width, height }: Size): boolean {
  return x === 0 || y === 0 || x + w === width || y + h === height;
}

/** A crop without a byte above this shows nothing: spatter that appears in the later frame leaves one of the earlier. */
export const BLACK = 20;

/**
 * `corrected` keeps crops that show nothing apart; `legacy` puts them among the others, as the reference program does.
 * Everything else is equal.
 */
export const MODES = ['corrected', 'legacy'] as const;
export type Mode = (typeof MODES)[number];

/**
 * The region of a frame `width` pixels wide.
 * @throws {SpatterError} USAGE when nothing is left between the bounds, or a rule is out of range.
 */
export function regionOf(rules: SpatterRules, width: number): Region {
  const region = { left: Math.max(0, rules.leftBound), right: Math.min(rules.rightBound, width) };
  if (region.left >= region.right) {
    throw new SpatterError(
      'USAGE',
      `the left bound must lie left of the right bound within the ${width} pixels of the frame, got ${rules.leftBound} and ${Math.min(rules.rightBound, width)}`,
      'change --left-bound or --right-bound',
    );
  }
  if (rules.minArea > rules.maxArea) {
    const message = `the smallest area must not be above the largest, got ${rules.minArea} and ${rules.maxArea}`;
    throw new SpatterError('USAGE', message, 'change --min-area or --max-area');
  }
  if (!Number.isInteger(rules.threshold) || rules.threshold < 0 || rules.threshold > 255) {
    const message = `the threshold must be a whole number from 0 to 255, got ${rules.threshold}`;
    throw new SpatterError('USAGE', message, 'change --threshold');
  }
  return region;
}

/** Rows that a difference spreads: 2 by the blur, 3 by the dilation. No contour around it, and so no crop, goes farther. */
const REACH = 5;

/** What tells a decoder which parts of frames the extraction will not look at. */
export function stillRule({ threshold, leftBound, rightBound }: SpatterRules): StillRule {
  return { threshold, left: Math.max(0, leftBound), right: rightBound, reach: REACH };
}
