// A side of a training bench: a process of its own, which trains a few steps whenever it is told to.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SideOptions } from './training.ts';

/** What the process prints first, as one JSON line; from then on a line of milliseconds per step for every line it reads. */
export interface Greeting {
  readonly version: string;
  /** Seconds from nothing to the end of the first step: model, compilation, data. */
  readonly first_step_s: number;
  /** Losses of the first steps. */
  readonly losses: readonly number[];
}

export interface Side extends Greeting {
  /** Milliseconds per step of one round. */
  readonly round: () => Promise<number>;
  /** The same in processor time of all threads; our side only. */
  readonly cpuRound: () => Promise<number>;
  /** Ends the process and returns the most memory it held at a time, in MiB. */
  readonly stop: () => Promise<number>;
}

/** Starts a side and waits for its first step. */
export async function startSide(command: string, args: readonly string[]): Promise<Side> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${command} ${args.join(' ')} ended early`);
    return line.value;
  };
  const ask = async (word: string) => {
    child.stdin.write(`${word}\n`);
    return Number(await next());
  };
  return {
    ...(JSON.parse(await next()) as Greeting),
    round: () => ask('go'),
    cpuRound: () => ask('cpu'),
    stop: async () => {
      const memory = await ask('memory');
      child.stdin.end();
      return memory;
    },
  };
}

/** Starts our own side of a training. */
export function startTraining(options: SideOptions): Promise<Side> {
  const script = join(import.meta.dirname, 'train-side.ts');
  return startSide(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)]);
}
