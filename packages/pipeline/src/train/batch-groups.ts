// Which batches of an epoch are trained in one run of the network, and their values one after the other.
import type { StepHyper } from '@spatter/tensor';
import type { Batch } from '../data/batch.ts';
import type { Loader } from '../data/loader.ts';
import type { FedBatch, Mixer } from './mix.ts';
import type { Progress } from './progress.ts';

/** Batches of one size that make one run. */
export interface BatchGroup {
  readonly batches: readonly Batch[];
  /** What each step is told. */
  readonly hypers: readonly StepHyper[];
  /** What the steps are trained with, one after the other; `size` is that of a batch. Lent until the next group. */
  readonly fed: FedBatch;
}

export interface Grouping {
  readonly loader: Pick<Loader, 'epoch'>;
  readonly mix?: Mixer | undefined;
  readonly hyper: (progress: Progress) => StepHyper;
  /** Batches of a whole group. */
  readonly stepsPerRun: number;
  /** A group never goes beyond a batch that is a multiple of this; 0: it may. */
  readonly saveEvery: number;
}

/** One step of a group. */
interface Member {
  readonly batch: Batch;
  readonly fed: FedBatch;
  readonly hyper: StepHyper;
}

/**
 * The rest of the epoch that `progress` is in, from its batch on. A group has `stepsPerRun` batches or one: a shorter run would
 * have to be compiled for itself.
 */
export async function* batchGroups(run: Grouping, progress: Progress): AsyncGenerator<BatchGroup, void> {
  const stack = new Stack(run.stepsPerRun);
  let at = progress;
  for await (const batch of run.loader.epoch(progress.epoch, progress.batch)) {
    const member = { batch, fed: run.mix?.(batch, at) ?? batch, hyper: run.hyper(at) };
    at = { ...at, batch: at.batch + 1 };
    if (run.stepsPerRun === 1) yield single(member);
    else {
      if (!stack.fits(member)) yield* stack.take();
      stack.add(member);
      if (stack.isFull || (run.saveEvery > 0 && at.batch % run.saveEvery === 0)) yield* stack.take();
    }
  }
  yield* stack.take();
}

const single = ({ batch, fed, hyper }: Member): BatchGroup => ({ batches: [batch], fed, hypers: [hyper] });

/** Batches that wait for their group to be full, copied out of the loader's memory. */
class Stack {
  readonly #height: number;
  readonly #members: Member[] = [];
  #images = new Float32Array();

  constructor(height: number) {
    this.#height = height;
  }

  get isFull(): boolean {
    return this.#members.length === this.#height;
  }

  fits({ batch }: Member): boolean {
    return this.#members.every((member) => member.batch.size === batch.size);
  }

  add({ batch, fed, hyper }: Member): void {
    const { length } = fed.x;
    if (this.#members.length === 0 && this.#images.length !== this.#height * length)
      this.#images = new Float32Array(this.#height * length);
    const begin = this.#members.length * length;
    const x = this.#images.subarray(begin, begin + length);
    x.set(fed.x);
    this.#members.push({ batch: { ...batch, x }, fed: { ...fed, x }, hyper });
  }

  /** What waits, as one group when there is enough of it, else batch by batch. */
  take(): BatchGroup[] {
    const whole = this.isFull;
    const members = this.#members.splice(0);
    return whole ? [this.#together(members)] : members.map(single);
  }

  #together(members: readonly Member[]): BatchGroup {
    const [{ fed }] = members as [Member];
    const y = new Float32Array(members.length * fed.y.length);
    for (const [i, member] of members.entries()) y.set(member.fed.y, i * fed.y.length);
    return {
      batches: members.map(({ batch }) => batch),
      hypers: members.map(({ hyper }) => hyper),
      fed: { x: this.#images, y, size: fed.size },
    };
  }
}
