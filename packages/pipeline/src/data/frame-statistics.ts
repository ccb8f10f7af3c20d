// When spatter was seen: frames with crops, crops in a frame, and layers told by the pauses between them.
import { byRecordingAndFrame } from './splits/split.ts';
import type { CropTimes } from './sidecar.ts';

export interface RecordingFrames {
  readonly recording: string;
  readonly label: number;
  readonly crops: number;
  readonly first_frame: number;
  readonly last_frame: number;
  /** Frames that have crops. */
  readonly frames_with_spatter: number;
  readonly crops_per_frame: number;
  readonly most_crops_in_a_frame: number;
  /** Stretches parted by more than `layer_gap` frames without spatter. */
  readonly layers: number;
  readonly crops_per_layer: number;
}

export interface FrameStatistics {
  readonly layer_gap: number;
  readonly frames_with_spatter: number;
  readonly layers: number;
  readonly recordings: readonly RecordingFrames[];
}

/** @param layerGap frames without spatter after which a new layer begins, as in extraction. */
export function frameStatistics(times: CropTimes, layerGap: number): FrameStatistics {
  const order = byRecordingAndFrame(times);
  const recordings: RecordingFrames[] = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    const id = times.recording[order[start]!]!;
    while (end < order.length && times.recording[order[end]!] === id) end++;
    recordings.push(ofRecording(times, id, order.subarray(start, end), layerGap));
  }
  const total = (of: (one: RecordingFrames) => number) => recordings.reduce((sum, one) => sum + of(one), 0);
  return {
    layer_gap: layerGap,
    frames_with_spatter: total((one) => one.frames_with_spatter),
    layers: total((one) => one.layers),
    recordings,
  };
}

function ofRecording(
  { recordings, frame }: CropTimes,
  id: number,
  rows: Uint32Array,
  gap: number,
): RecordingFrames {
  const frames = Int32Array.from(rows, (row) => frame[row]!);
  let [distinct, layers, run, most] = [0, 0, 0, 0];
  frames.forEach((f, i) => {
    const before = i === 0 ? -Infinity : frames[i - 1]!;
    layers += Number(f - before > gap);
    distinct += Number(f !== before);
    run = f === before ? run + 1 : 1;
    most = Math.max(most, run);
  });
  const { name, label } = recordings[id]!;
  return {
    ...{ recording: name, label, crops: rows.length, first_frame: frames[0]!, last_frame: frames.at(-1)! },
    ...{
      frames_with_spatter: distinct,
      crops_per_frame: rows.length / distinct,
      most_crops_in_a_frame: most,
    },
    ...{ layers, crops_per_layer: rows.length / layers },
  };
}
