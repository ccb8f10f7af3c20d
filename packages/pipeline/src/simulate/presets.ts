// The catalogue of ready-made sets of recordings.
import { closest } from 'fastest-levenshtein';
import { SpatterError } from '../util/errors.ts';
import { flowLabel, frameCount, POSITIONS, recipe, type Recipe } from './recipe.ts';

export interface Preset {
  /** One line for `--help`. */
  readonly description: string;
  /** Every recording is filmed at one gas flow and gets a row in labels.csv. */
  readonly labelled: boolean;
  readonly recipes: (seed: number) => Recipe[];
}

const LOW = 0.2;
const HIGH = 0.8;

type Common = Partial<Recipe> & { layers: number };

/** One recording of `layers` equal layers at `flow`. */
function steady(name: string, flow: number, { layers, ...given }: Common): Recipe {
  return recipe({ ...given, name, layerFlows: Array<number>(layers).fill(flow) });
}

/** Three positions × low and high flow, filmed in each of `sessions`; named like `left_low_s1`. */
function positionsByFlow(sessions: readonly number[], common: Common): Recipe[] {
  const flows = { low: LOW, high: HIGH };
  return sessions.flatMap((session) =>
    POSITIONS.flatMap((position) =>
      Object.entries(flows).map(([word, flow]) =>
        steady(`${position}_${word}_s${session}`, flow, { ...common, position, session }),
      ),
    ),
  );
}

/** Three positions × the flows 0.2, 0.35 … 0.8; named like `mid_flow50`. */
function positionsByLevel(common: Common): Recipe[] {
  return POSITIONS.flatMap((position, p) =>
    [0.2, 0.35, 0.5, 0.65, 0.8].map((flow, f) =>
      steady(`${position}_flow${Math.round(100 * flow)}`, flow, {
        ...common,
        position,
        session: 1 + ((p + f) % 2),
      }),
    ),
  );
}

/** Six filming days, each of one flow only, as when a label is a day: low on the odd days, high on the even ones. */
function sessionsByFlow(common: Common): Recipe[] {
  return [1, 2, 3, 4, 5, 6].flatMap((session) =>
    POSITIONS.map((position) => {
      const [word, flow] = session % 2 === 1 ? ['low', LOW] : ['high', HIGH];
      return steady(`${position}_${word}_s${session}`, flow, { ...common, position, session });
    }),
  );
}

/** Low and high flow, each behind a clean window, one that fouls on the way, and a fouled one. */
function foulingByFlow(common: Common): Recipe[] {
  const windows = { clean: [0, 0], fouling: [0, 0.9], fouled: [0.9, 0.9] } as const;
  return Object.entries(windows).flatMap(([word, fouling]) =>
    Object.entries({ low: LOW, high: HIGH }).map(([name, flow]) =>
      steady(`mid_${name}_${word}`, flow, { ...common, fouling }),
    ),
  );
}

/** Everything that goes wrong with recordings, one thing each, at one flow. */
function tortured(common: Common): Recipe[] {
  const faults = { dropped: 0, duplicated: 0, torn: 0 };
  const wrongs: Record<string, Partial<Recipe>> = {
    whole: {},
    dropped: { faults: { ...faults, dropped: 0.05 } },
    duplicated: { faults: { ...faults, duplicated: 0.1 } },
    torn: { faults: { ...faults, torn: 0.05 } },
    all_faults: { faults: { dropped: 0.03, duplicated: 0.05, torn: 0.03 } },
    bytes: { damage: 'bytes' },
    truncated: { damage: 'truncated' },
    dark: { exposure: 0.02 },
    glaring: { exposure: 12 },
    fouled: { fouling: [1, 1] },
  };
  return Object.entries(wrongs).map(([name, wrong]) =>
    steady(`mid_low_${name}`, LOW, { ...common, ...wrong }),
  );
}

/** A planted shortcut: all flow alike, and the class is told by the exposure alone. */
function brightnessByLabel(common: Common): Recipe[] {
  return positionsByFlow([1, 2], common).map((each) => ({
    ...each,
    label: flowLabel(each),
    layerFlows: each.layerFlows.map(() => 0.5),
    exposure: flowLabel(each) === 1 ? 0.55 : 1.5,
  }));
}

/** Lengths of most presets: half a minute of video. */
const SHORT = { layers: 3, burnFrames: 200, pauseFrames: 60 };

export const PRESETS = {
  demo: {
    description: '12 short recordings: 3 camera positions × low and high gas flow × 2 sessions',
    labelled: true,
    recipes: (seed) => positionsByFlow([1, 2], { seed, ...SHORT }),
  },
  'six-recordings': {
    description: '6 recordings of about 4 minutes: 3 camera positions × low and high gas flow, one session',
    labelled: true,
    recipes: (seed) => positionsByFlow([1], { seed, layers: 12, burnFrames: 420, pauseFrames: 80 }),
  },
  'mid-flow': {
    description: '15 short recordings: 3 camera positions × gas flows 0.2, 0.35, 0.5, 0.65, 0.8',
    labelled: true,
    recipes: (seed) => positionsByLevel({ seed, ...SHORT }),
  },
  sessions: {
    description: '18 short recordings: 6 sessions of one gas flow each × 3 camera positions',
    labelled: true,
    recipes: (seed) => sessionsByFlow({ seed, ...SHORT }),
  },
  fouling: {
    description: '6 short recordings: low and high gas flow × clean, fouling and fouled window',
    labelled: true,
    recipes: (seed) => foulingByFlow({ seed, ...SHORT }),
  },
  torture: {
    description:
      '10 short recordings, 9 of them with lost, doubled or torn frames, damaged files, wrong light',
    labelled: true,
    recipes: (seed) => tortured({ seed, layers: 2, burnFrames: 90, pauseFrames: 40 }),
  },
  'brightness-shortcut': {
    description: '12 short recordings of one gas flow whose classes differ in nothing but the exposure',
    labelled: true,
    recipes: (seed) => brightnessByLabel({ seed, ...SHORT }),
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
