// A judged crop, as tables and reports have it.

/** One crop with its calibrated probability; boxes in pixels of the whole frame. */
export interface PredictedCrop {
  readonly frame: number;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly area: number;
  /** Of class 1, or, where a model tells classes apart, of the class that was decided. Null for a dark crop, which shows nothing to judge; so are all that follow. */
  readonly probability: number | null;
  /** Calibrated probability of each class, where a model tells classes apart. */
  readonly classes?: readonly number[];
  /** Class that was decided, by its place, where a model tells classes apart. */
  readonly decided?: number;
  /** log(p / (1 − p)) before calibration; null where a model tells classes apart. */
  readonly logit: number | null;
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly sharpness: number | null;
  readonly veil: number | null;
  /** Sides of the picture, pixels. */
  readonly width: number | null;
  readonly height: number | null;
  /** First feature that lies outside what the model knows, such as `sharpness below`. */
  readonly unlike: string | null;
  /** File of an image, or dataset and row of a stored crop. */
  readonly name: string | null;
}
