// Several workers on one machine: processes that join the study, and are replaced when they die.
import type { ChildProcess } from 'node:child_process';
import { SpatterError } from '../util/errors.ts';

/** What a worker process tells the one that started it, line by line. */
export type WorkerMessage =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'failure'; readonly code: string; readonly message: string; readonly hint: string };

export interface WorkersSetting {
  readonly count: number;
  /** Starts worker number `index`: a process with a channel for messages. */
  readonly start: (index: number) => ChildProcess;
  readonly onLine: (line: string) => void;
  /** Whether another worker may still find something to do. */
  readonly isOpen: () => Promise<boolean>;
  readonly interrupted: () => boolean;
}

/** How often one worker is started again after it was killed. */
const RESTARTS = 3;

/**
 * Runs `count` workers to their end.
 * @throws {SpatterError} the first failure that a worker explains; the others end their trials first.
 */
export async function superviseWorkers(setting: WorkersSetting): Promise<void> {
  const failures: SpatterError[] = [];
  await Promise.all(
    Array.from({ length: setting.count }, async (_, index) => {
      for (let start = 0; start <= RESTARTS; start++) {
        const ended = await runOne(setting, index);
        if (ended.failure !== undefined) failures.push(ended.failure);
        if (!ended.killed || setting.interrupted() || !(await setting.isOpen())) return;
        setting.onLine(`worker ${index} died (${ended.how}); starting it again`);
      }
    }),
  );
  if (failures.length > 0) throw failures[0]!;
}

interface Ended {
  readonly killed: boolean;
  readonly how: string;
  readonly failure: SpatterError | undefined;
}

function runOne({ start, onLine }: WorkersSetting, index: number): Promise<Ended> {
  const child = start(index);
  let failure: SpatterError | undefined;
  child.on('message', (message: WorkerMessage) => {
    if (message.kind === 'line') onLine(message.text);
    else failure = new SpatterError(message.code as SpatterError['code'], message.message, message.hint);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      const killed = failure === undefined && code !== 0 && code !== 130;
      resolve({ killed, how: signal ?? `exit code ${String(code)}`, failure });
    });
  });
}
