// A time after which nobody waits any more: what an AbortSignal would say, at a fraction of its cost for every request.

export class Deadline {
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: ((reason: Error) => void)[] = [];
  #reason: Error | null = null;

  /** @param reason made only when `ms` milliseconds have passed. */
  constructor(ms: number, reason: () => Error) {
    this.#timer = setTimeout(() => this.pass(reason()), ms);
  }

  /** Why nobody waits any more; null while somebody does. */
  get reason(): Error | null {
    return this.#reason;
  }

  /** Ends the waiting now. */
  pass(reason: Error): void {
    if (this.#reason !== null) return;
    this.clear();
    this.#reason = reason;
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }

  /** `listener` is called when the time has passed, at once where it has. */
  whenPassed(listener: (reason: Error) => void): void {
    if (this.#reason === null) this.#listeners.push(listener);
    else listener(this.#reason);
  }

  /** The time no longer passes. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** What `work` comes to, or the rejection with the reason of a deadline of `ms` milliseconds, whichever is first. */
export async function inTime<T>(
  ms: number,
  reason: () => Error,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(ms, reason);
  try {
    return await new Promise<T>((resolve, reject) => {
      deadline.whenPassed(reject);
      work(deadline).then(resolve, reject);
    });
  } finally {
    deadline.clear();
  }
}
