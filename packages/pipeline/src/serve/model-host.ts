// The model that answers, and its exchange for another without a request that fails.
import { createHash } from 'node:crypto';
import type { ExportedModel } from '../export/exported-model.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { retryLater } from './problem.ts';

/** A model with the name that it is served under. */
export interface NamedModel {
  readonly model: ExportedModel;
  /** What the server was told to serve, such as `models:/line-3@champion`. */
  readonly reference: string;
  /** In its registry; null for a folder. */
  readonly version: number | null;
}

/** Reads the model that the server was told to serve and checks its hashes; called again for every reload. */
export type ReadNamedModel = () => NamedModel;

export interface HostedModel extends Pick<NamedModel, 'reference' | 'version'> {
  readonly engine: Engine;
  /** Milliseconds since 1970. */
  readonly loadedAt: number;
  /** SHA-256 over the network and its card: whether a reload found another model. */
  readonly identity: string;
}

export interface HostOptions {
  readonly read: ReadNamedModel;
  readonly engine: EngineOptions;
  readonly now: () => number;
}

export class ModelHost {
  readonly #options: HostOptions;
  #hosted: HostedModel | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#hosted !== null && !this.#closed;
  }

  /** Answers queued for a thread. */
  get queued(): number {
    return this.#hosted?.engine.queued ?? 0;
  }

  /** @throws {Problem} not-ready. */
  get current(): HostedModel {
    this.requireReady();
    return this.#hosted!;
  }

  /** @throws {Problem} not-ready. */
  requireReady(): void {
    if (this.#hosted === null) throw retryLater('not-ready', 'the model is still being loaded and checked');
  }

  /**
   * Opens the model anew and puts it in the place of the old one, which first answers what it has begun. Where that fails the
   * old one stays. Calls follow one another. Resolves to whether the model is another one.
   */
  load(): Promise<boolean> {
    const next = this.#last.then(() => this.#exchange());
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.#hosted?.engine.close();
  }

  async #exchange(): Promise<boolean> {
    const { model, reference, version } = this.#options.read();
    const identity = identityOf(model);
    if (this.#hosted?.identity === identity && this.#hosted.version === version) return false;
    const engine = await Engine.start(model, this.#options.engine);
    const old = this.#hosted;
    this.#hosted = { engine, identity, reference, version, loadedAt: this.#options.now() };
    void old?.engine.close();
    return true;
  }
}

function identityOf({ card }: ExportedModel): string {
  return createHash('sha256').update(JSON.stringify(card)).digest('hex');
}
