// Progress bars on standard error: shown on a terminal, silent everywhere else.
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** Sets how much is done, in the units of `total`, and optionally a short note such as `loss 0.31`. */
  update(done: number, note?: string): void;
  /** Changes the expected total, when it becomes known or turns out wrong. */
  setTotal(total: number): void;
  stop(): void;
}

/** Opens a bar labelled `label`. `total` 0 means "not known yet". */
export type ProgressFactory = (label: string, total: number, unit: string) => Progress;

export const silentProgress: ProgressFactory = () => ({
  update: () => {},
  setTotal: () => {},
  stop: () => {},
});

export const terminalProgress: ProgressFactory = (label, total, unit) => {
  const format = `${label.padEnd(12)} {bar} {percentage}% {value}/{total} ${unit} {eta_formatted} {note}`;
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: false, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note) => bar.update(done, note === undefined ? {} : { note }),
    setTotal: (value) => bar.setTotal(value),
    stop: () => bar.stop(),
  };
};

/** The bar for this process: drawn when standard error is a terminal and `quiet` is false. */
export function progressFor(quiet: boolean): ProgressFactory {
  return process.stderr.isTTY && !quiet ? terminalProgress : silentProgress;
}
