// The catalogue of ready-made sets of recordings.
import { closest } from 'fastest-levenshtein';
import { SpatterError } from '../util/errors.ts';
import { frameCount, POSITIONS, recipe, type Recipe } from './recipe.ts';

export interface Preset {
  /** One line for `--help`. */
  readonly description: string;
  /** Every recording is filmed at one gas flow and gets a row in labels.csv. */
  readonly labelled: boolean;
  readonly recipes: (seed: number) => Recipe[];
}

const LOW = 0.2;
const HIGH = 0.8;

/** Three positions × low and high flow, filmed in each of `sessions`; named like `left_low_s1`. */
function positionsByFlow(
  sessions: readonly number[],
  common: Pick<Recipe, 'seed' | 'burnFrames' | 'pauseFrames'> & { layers: number },
): Recipe[] {
  const { layers, ...shared } = common;
  const flows = { low: LOW, high: HIGH };
  return sessions.flatMap((session) =>
    POSITIONS.flatMap((position) =>
      Object.entries(flows).map(([word, flow]) => {
        const layerFlows = Array<number>(layers).fill(flow);
        return recipe({ ...shared, name: `${position}_${word}_s${session}`, position, session, layerFlows });
      }),
    ),
  );
}

export const PRESETS = {
  demo: {
    description: '12 short recordings: 3 camera positions × low and high gas flow × 2 sessions',
    labelled: true,
    recipes: (seed) => positionsByFlow([1, 2], { seed, layers: 3, burnFrames: 200, pauseFrames: 60 }),
  },
  'six-recordings': {
    description: '6 recordings of about 4 minutes: 3 camera positions × low and high gas flow, one session',
    labelled: true,
    recipes: (seed) => positionsByFlow([1], { seed, layers: 12, burnFrames: 420, pauseFrames: 80 }),
  },
  // Its pauses are as long as real ones, so that extraction's layer rule (a gap of 700 frames) finds the layers.
  'unseen-build': {
    description:
      'one build of 6 layers whose gas flow fails in layers 2 and 3 (counted from 0): something for predict to find',
    labelled: false,
    recipes: (seed) => [
      recipe({
        seed,
        name: 'unseen_build',
        position: 'mid',
        session: 3,
        layerFlows: [0.82, 0.78, 0.25, 0.2, 0.75, 0.8],
        burnFrames: 150,
        pauseFrames: 740,
      }),
    ],
  },
} as const satisfies Record<string, Preset>;
export type PresetName = keyof typeof PRESETS;

/** @throws {SpatterError} USAGE with the nearest name when there is no such preset. */
export function presetNamed(name: string): Preset {
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name as PresetName];
  const names = Object.keys(PRESETS);
  throw new SpatterError(
    'USAGE',
    `--preset must be one of ${names.join(', ')}, but got ${name}`,
    `did you mean ${closest(name, names)}?`,
  );
}

/**
 * The same recording cut to about `frames` frames; layers keep their share of pause.
 * @throws {SpatterError} USAGE when that leaves a layer without laser work.
 */
export function withFrames(given: Recipe, frames: number): Recipe {
  const { burnFrames, pauseFrames, layerFlows } = given;
  const perLayer = Math.floor(frames / layerFlows.length);
  const pause = Math.round((perLayer * pauseFrames) / (burnFrames + pauseFrames));
  return frames === frameCount(given)
    ? given
    : recipe({ ...given, burnFrames: perLayer - pause, pauseFrames: pause });
}
