// What an encoder is given and what it must do: codecs, video format, the sink for frames.

/**
 * The codecs, by the name users type, at a quality that keeps what extraction looks at: its threshold of 20 stands far
 * above the coding error. MPEG-4 Part 2 is coded twice as fast as H.264; H.264 makes files half the size.
 */
export const CODECS = {
  mpeg4: { encoder: 'mpeg4', options: { qscale: 3 } },
  h264: { encoder: 'libx264', options: { crf: 17, preset: 'veryfast' } },
} as const;
export type CodecName = keyof typeof CODECS;

export interface VideoFormat {
  /** Pixels; both even. */
  readonly width: number;
  readonly height: number;
  /** Frames per second, a whole number. */
  readonly fps: number;
  readonly codec: CodecName;
}

/** One open output. Frames are coded on one thread without dates or versions: same frames, same bytes of the file. */
export interface FrameSink {
  /** Appends a frame of BGR bytes, height × width × 3. The buffer may be reused once the promise resolves. */
  write(frame: Uint8Array): Promise<void>;
  /** Codes what is still held back and closes the file. */
  finish(): Promise<void>;
  /** Closes without caring for the file. Never throws. */
  abandon(): Promise<void>;
}

/** Opens an MP4 file at `path`, whatever its extension, and overwrites it. Failures of the system keep their errno code. */
export type EncoderBackend = (path: string, format: VideoFormat) => Promise<FrameSink>;
