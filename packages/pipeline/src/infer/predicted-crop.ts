// A judged crop, as tables and reports have it.

/** One crop with its calibrated probability of class 1; boxes in pixels of the whole frame. */
export interface PredictedCrop {
  readonly frame: number;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly area: number;
  /** Null for a dark crop, which shows nothing to judge; so are all that follow. */
  readonly probability: number | null;
  /** log(p / (1 − p)) before calibration. */
  readonly logit: number | null;
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly sharpness: number | null;
  /** Sides of the picture, pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** First feature that lies outside what the model knows, such as `sharpness below`. */
  readonly unlike: string | null;
  /** File of an image, or dataset and row of a stored crop. */
  readonly name: string | null;
}
