// The ground truth that lies beside a simulated video: what was simulated, when each layer burnt, every frame and every plume.
import { formatCsv } from '../util/csv.ts';
import type { Damage } from './damage.ts';
import { flowLabel, type Recipe } from './recipe.ts';
import type { Renderer } from './render.ts';
import type { Layer } from './timeline.ts';
import { foulingAt } from './window.ts';

/** Columns of the truth's plume table; x and y in pixels, flow and power 0 to 1, type as in SPATTER_TYPES. */
const PLUME_COLUMNS = ['frame', 'x', 'y', 'flow', 'power', 'type', 'particles'] as const;
type PlumeRow = readonly [
  frame: number,
  x: number,
  y: number,
  flow: number,
  power: number,
  type: string,
  particles: number,
];

/** Ground truth of one recording; frames are those of the video. Field by field in docs/guides/simulate.md. */
export interface Truth {
  readonly name: string;
  readonly seed: number;
  readonly label: number;
  readonly position: string;
  readonly session: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frames: number;
  readonly layer_flows: readonly number[];
  readonly drift: number;
  readonly burn_frames: number;
  readonly pause_frames: number;
  readonly camera: { exposure: number; shutter: number; balance_bgr: readonly number[]; noise: number };
  readonly fouling: readonly number[];
  /** Frames that did not arrive, that arrived twice, and that arrived torn. */
  readonly faults: { dropped: number; duplicate: number; torn: number };
  readonly damage: Damage | null;
  /** `end` and the second of `recoater` are exclusive. */
  readonly layers: readonly {
    layer: number;
    start: number;
    end: number;
    flow: number;
    recoater: readonly number[];
  }[];
  readonly plumes: { readonly columns: typeof PLUME_COLUMNS; readonly rows: readonly PlumeRow[] };
}

export function truthOf(recipe: Recipe, renderer: Renderer, damage?: Damage): Truth {
  const { name, seed, position, session, width, height, fps } = recipe;
  const { exposure, shutter, balance, noise } = renderer.camera;
  return {
    name,
    seed,
    label: flowLabel(recipe),
    position,
    session,
    width,
    height,
    fps,
    frames: renderer.frames,
    layer_flows: recipe.layerFlows,
    drift: recipe.drift,
    burn_frames: recipe.burnFrames,
    pause_frames: recipe.pauseFrames,
    camera: {
      exposure: round(exposure, 4),
      shutter: round(shutter, 4),
      balance_bgr: balance.map((gain) => round(gain, 4)),
      noise: round(noise, 4),
    },
    fouling: recipe.fouling,
    faults: faultsOf(renderer),
    damage: damage ?? null,
    layers: renderer.timeline.layers.map((layer) => inVideoFrames(layer, renderer)),
    plumes: { columns: PLUME_COLUMNS, rows: plumeRows(renderer) },
  };
}

function faultsOf({ shown, timeline }: Renderer): Truth['faults'] {
  const count = (fault: string): number => shown.filter((each) => each.fault === fault).length;
  const duplicate = count('duplicate');
  return { dropped: timeline.burns.length - (shown.length - duplicate), duplicate, torn: count('torn') };
}

/** A layer counted in frames of the video, where some frames of the build may be missing or doubled. */
function inVideoFrames(
  { layer, start, end, flow, recoater }: Layer,
  { shown }: Renderer,
): Truth['layers'][0] {
  const first = (source: number): number => {
    const at = shown.findIndex((each) => each.source >= source);
    return at < 0 ? shown.length : at;
  };
  return { layer, start: first(start), end: first(end), flow, recoater: recoater.map(first) };
}

function plumeRows({ frames, plume }: Renderer): PlumeRow[] {
  return Array.from({ length: frames }, (_, frame) => frame).flatMap((frame) => {
    const shown = plume(frame);
    if (shown === undefined) return [];
    const { x, y, flow, power, type, particles } = shown;
    return [[frame, round(x, 1), round(y, 1), round(flow, 3), round(power, 3), type, particles] as const];
  });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** One line per plume, so that the file stays readable and diffs well. */
export function formatTruth(truth: Truth): string {
  const { plumes, ...head } = truth;
  const rows = plumes.rows.map((row) => `      ${JSON.stringify(row)}`).join(',\n');
  const table = `{\n    "columns": ${JSON.stringify(plumes.columns)},\n    "rows": [\n${rows}\n    ]\n  }`;
  return `${JSON.stringify(head, null, 2).replace(/\n}$/, '')},\n  "plumes": ${table}\n}\n`;
}

/** The table of frames as CSV: a row for every frame of the video, what it shows and what went wrong with it. */
export function formatFrames(recipe: Recipe, renderer: Renderer): string {
  const columns = ['frame', 'build_frame', 'fault', 'layer', 'state', 'fouling', ...PLUME_COLUMNS.slice(1)];
  const plumes = new Map(plumeRows(renderer).map(([frame, ...rest]) => [frame, rest]));
  const none = PLUME_COLUMNS.slice(1).map(() => '');
  const total = renderer.timeline.burns.length;
  const rows = renderer.shown.map(({ source, fault }, frame) => {
    const fouling = round(foulingAt(recipe, source, total), 3);
    const plume = plumes.get(frame) ?? none;
    return [frame, source, fault, ...whereInBuild(renderer, source), fouling, ...plume];
  });
  return formatCsv(columns, rows);
}

/** The layer of a frame of the build, and what goes on in it. */
function whereInBuild({ timeline: { layers, burns } }: Renderer, source: number): [number, string] {
  const layer = layers.findLastIndex(({ start }) => start <= source);
  const { end, recoater } = layers[layer]!;
  if (source < end) return [layer, burns[source] === undefined ? 'jump' : 'burn'];
  return [layer, source >= recoater[0] && source < recoater[1] ? 'recoater' : 'pause'];
}
