// The ground truth that lies beside a simulated video: what was simulated, when each layer burnt, and every plume.
import { flowLabel, type Recipe } from './recipe.ts';
import type { Renderer } from './render.ts';

/** Columns of the truth's plume table; x and y in pixels, flow and power 0 to 1. */
const PLUME_COLUMNS = ['frame', 'x', 'y', 'flow', 'power'] as const;

/** Ground truth of one recording; field by field in docs/guides/simulate.md. */
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
  /** `end` and the second of `recoater` are exclusive. */
  readonly layers: readonly {
    layer: number;
    start: number;
    end: number;
    flow: number;
    recoater: readonly number[];
  }[];
  readonly plumes: {
    readonly columns: typeof PLUME_COLUMNS;
    readonly rows: readonly (readonly [frame: number, x: number, y: number, flow: number, power: number])[];
  };
}

export function truthOf(recipe: Recipe, renderer: Renderer): Truth {
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
    layers: renderer.timeline.layers,
    plumes: { columns: PLUME_COLUMNS, rows: plumeRows(renderer) },
  };
}

function plumeRows({ frames, plume }: Renderer): Truth['plumes']['rows'] {
  return Array.from({ length: frames }, (_, frame) => frame).flatMap((frame) => {
    const shown = plume(frame);
    if (shown === undefined) return [];
    const { x, y, flow, power } = shown;
    return [[frame, round(x, 1), round(y, 1), round(flow, 3), round(power, 3)] as const];
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
