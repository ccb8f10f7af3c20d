// What /metrics shows: requests, images, batches, jobs and the process, in Prometheus' text format.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Values read when somebody asks. */
export interface Gauges {
  readonly requests: () => number;
  readonly queued: () => number;
  readonly ready: () => boolean;
  readonly jobs: () => number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64];

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter;
  readonly #seconds: Histogram;
  readonly #batches: Histogram;
  readonly #predictions: Counter;
  readonly #reloads: Counter;

  /** @param gauges are read at every scrape. */
  constructor(gauges: Gauges) {
    const registers = [this.registry];
    const named = (name: string, help: string) => ({ name: `spatter_${name}`, help, registers });
    this.#requests = new Counter({
      ...named('http_requests_total', 'Requests answered.'),
      labelNames: ['method', 'route', 'status'],
    });
    this.#seconds = new Histogram({
      ...named('http_request_seconds', 'From the headers to the answer.'),
      labelNames: ['route'],
      buckets: SECONDS,
    });
    this.#batches = new Histogram({ ...named('batch_images', 'Images run together.'), buckets: BATCH_SIZES });
    this.#predictions = new Counter({
      ...named('predictions_total', 'Images judged.'),
      labelNames: ['label'],
    });
    this.#reloads = new Counter({
      ...named('reloads_total', 'Attempts to load the model.'),
      labelNames: ['result'],
    });
    this.#gauge(named('requests_under_way', 'Predictions under way.'), gauges.requests);
    this.#gauge(named('images_queued', 'Images that wait for a thread.'), gauges.queued);
    this.#gauge(named('ready', '1 when a checked model is loaded.'), () => Number(gauges.ready()));
    this.#gauge(named('video_jobs', 'Video jobs waiting or running.'), gauges.jobs);
    collectDefaultMetrics({ register: this.registry });
  }

  request(method: string, route: string, status: number, seconds: number): void {
    this.#requests.inc({ method, route, status: String(status) });
    this.#seconds.observe({ route }, seconds);
  }

  batch(size: number): void {
    this.#batches.observe(size);
  }

  prediction(label: string): void {
    this.#predictions.inc({ label });
  }

  reload(result: 'changed' | 'same' | 'failed'): void {
    this.#reloads.inc({ result });
  }

  #gauge(named: { name: string; help: string; registers: Registry[] }, read: () => number): void {
    new Gauge({
      ...named,
      collect() {
        this.set(read());
      },
    });
  }
}
