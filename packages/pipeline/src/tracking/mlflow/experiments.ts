// Experiments of a server, by name and id; made when missing.
import { SpatterError } from '../../util/errors.ts';
import { MlflowRefusal, type MlflowConnection } from './connection.ts';

interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly lifecycle_stage?: string;
}

export class Experiments {
  readonly #connection: MlflowConnection;
  readonly #names = new Map<string, string>();

  constructor(connection: MlflowConnection) {
    this.#connection = connection;
  }

  /**
   * The id of the experiment `name`, which is made when missing.
   * @throws {SpatterError} TRACKING_REFUSED for a deleted one.
   */
  async idOf(name: string): Promise<string> {
    const known = await this.#byName(name);
    if (known !== undefined) return known;
    try {
      const made = await this.#connection.call<Experiment>('POST', 'experiments/create', { name }, false);
      this.#names.set(made.experiment_id, name);
      return made.experiment_id;
    } catch (error) {
      // Another process made it at the same time, or the answer was lost.
      const again =
        error instanceof MlflowRefusal && error.reason !== 'RESOURCE_ALREADY_EXISTS'
          ? undefined
          : await this.#byName(name);
      if (again === undefined) throw error;
      return again;
    }
  }

  /** Ids of all experiments, or of the one called `name`; none when it is missing. */
  async ids(name?: string): Promise<string[]> {
    if (name !== undefined) {
      const id = await this.#byName(name);
      return id === undefined ? [] : [id];
    }
    const found = await this.#connection.call<{ experiments?: Experiment[] }>('POST', 'experiments/search', {
      max_results: 1000,
    });
    for (const { experiment_id, name: each } of found.experiments ?? []) this.#names.set(experiment_id, each);
    return (found.experiments ?? []).map(({ experiment_id }) => experiment_id);
  }

  async nameOf(id: string): Promise<string> {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const path = `experiments/get?experiment_id=${encodeURIComponent(id)}`;
    const { experiment } = await this.#connection.call<{ experiment: Experiment }>('GET', path);
    this.#names.set(id, experiment.name);
    return experiment.name;
  }

  async #byName(name: string): Promise<string | undefined> {
    const known = [...this.#names].find(([, each]) => each === name)?.[0];
    if (known !== undefined) return known;
    const experiment = await this.#ask(name);
    if (experiment === undefined) return undefined;
    if (experiment.lifecycle_stage === 'deleted') {
      const message = `the experiment ${name} was deleted on ${this.#connection.address}`;
      throw new SpatterError(
        'TRACKING_REFUSED',
        message,
        'restore it in MLflow, or set tracking.experiment to another name',
      );
    }
    this.#names.set(experiment.experiment_id, name);
    return experiment.experiment_id;
  }

  async #ask(name: string): Promise<Experiment | undefined> {
    try {
      const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      return (await this.#connection.call<{ experiment: Experiment }>('GET', path)).experiment;
    } catch (error) {
      if (error instanceof MlflowRefusal && error.reason === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
  }
}
