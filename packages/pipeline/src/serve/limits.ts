// What one server takes: sizes, times and counts, with their defaults.

/** Limits of one server. Bytes, pixels, milliseconds and seconds as the names say. */
export interface Limits {
  /** Body of one prediction request. */
  readonly bodyBytes: number;
  /** Images in one request. */
  readonly images: number;
  /** width × height of an image. */
  readonly pixels: number;
  /** Scans of a progressive JPEG: each may cost a pass over the whole picture. */
  readonly scans: number;
  /** Prediction requests under way, waiting ones included. */
  readonly requests: number;
  /** The same for one token. */
  readonly requestsPerToken: number;
  /** Bodies held in memory at a time, over all requests. */
  readonly bufferedBytes: number;
  /** For a prediction's body to arrive. */
  readonly bodyMs: number;
  /** From the body's end to the answer. */
  readonly answerMs: number;
  /** Uploaded video. */
  readonly videoBytes: number;
  /** For a video's upload. */
  readonly uploadMs: number;
  /** Longest gap between two pieces of a video's upload. */
  readonly uploadGapMs: number;
  readonly videoSeconds: number;
  /** width × height of a frame. */
  readonly framePixels: number;
  /** For the work on one video. */
  readonly jobMs: number;
  /** Video jobs waiting or running. */
  readonly jobs: number;
  /** Finished jobs kept with their files. */
  readonly jobsKept: number;
  /** For headers to arrive, and for an idle connection. */
  readonly headersMs: number;
  readonly idleMs: number;
  /** For a client that still sends to read its answer, in all and without a byte, before its connection is closed. */
  readonly lingerMs: number;
  readonly lingerGapMs: number;
  readonly headerBytes: number;
  readonly connections: number;
}

const MIB = 2 ** 20;

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 8 * MIB,
  images: 64,
  pixels: 4_000_000,
  scans: 64,
  requests: 256,
  requestsPerToken: 128,
  bufferedBytes: 256 * MIB,
  bodyMs: 15_000,
  answerMs: 15_000,
  videoBytes: 2048 * MIB,
  uploadMs: 3_600_000,
  uploadGapMs: 30_000,
  videoSeconds: 4 * 3600,
  framePixels: 4096 * 2304,
  jobMs: 3_600_000,
  jobs: 16,
  jobsKept: 100,
  headersMs: 10_000,
  idleMs: 60_000,
  lingerMs: 10_000,
  lingerGapMs: 2_000,
  headerBytes: 16_384,
  connections: 1024,
};
