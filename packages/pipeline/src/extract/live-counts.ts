// What the progress line says while a video is read: spatter of the last seconds as small bars, and crops so far.

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** Bars on the line; each is a second of the recording. */
const SECONDS = 24;
/** Frames of a bar where the video does not say its frame rate. */
const FRAMES = 25;

/** Told of every frame in order; its text changes with each second of the recording, so that it can be read. */
export class LiveCounts {
  /** Such as `▁▁▄█▂ layer 3: 120 crops, 400 in all`. */
  text = '';
  readonly #frames: number;
  #bars: number[] = [];
  #frame = 0;
  #second = 0;
  #layer = 0;
  #ofLayer = 0;
  #all = 0;

  /** @param fps of the video; 0 where it is not known */
  constructor(fps: number) {
    this.#frames = fps > 0 ? Math.max(1, Math.round(fps)) : FRAMES;
  }

  add(layer: number, crops: number): void {
    if (crops > 0 && layer !== this.#layer) [this.#layer, this.#ofLayer] = [layer, 0];
    this.#ofLayer += crops;
    this.#all += crops;
    this.#second += crops;
    if (++this.#frame % this.#frames !== 0) return;
    this.#bars = [...this.#bars.slice(1 - SECONDS), this.#second];
    this.#second = 0;
    this.text = this.#line();
  }

  #line(): string {
    const most = Math.max(1, ...this.#bars);
    // Any spatter at all lifts a bar off the ground.
    const bars = this.#bars.map((crops) => BARS[Math.ceil((crops / most) * (BARS.length - 1))]!).join('');
    const layer = this.#layer < 0 ? 'between layers' : `layer ${this.#layer}`;
    return `${bars} ${layer}: ${this.#ofLayer} crops, ${this.#all} in all`;
  }
}
