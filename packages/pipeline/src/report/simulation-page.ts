// The page about simulated recordings: what they look like, which types of spatter they hold, how near they come to real imagery.
import { renderPage, type Block, type Picture } from './page.ts';

interface Cell {
  readonly position: string;
  readonly flow: string;
  readonly real: Readonly<Record<string, number>>;
  readonly simulated: Readonly<Record<string, number>>;
  readonly crops: number;
}

export interface SimulationFacts {
  readonly seed: number;
  readonly recordings: readonly { name: string; label: number; flow: number; jpeg: Uint8Array }[];
  readonly types: readonly {
    name: string;
    description: string;
    /** Share of events at the flows 0.2 and 0.8. */
    share_low: number;
    share_high: number;
    /** Frames of the recordings in such an event. */
    frames: number;
    /** JPEG at low and at high flow; null where the gallery holds none. */
    low: Uint8Array | null;
    high: Uint8Array | null;
  }[];
  /** What each measure is called, by its key in the cells. */
  readonly measures: Readonly<Record<string, string>>;
  readonly calibration: readonly Cell[];
  /** Simulated ÷ real per measure: the mean over the cells, and the factor of the worst cell. */
  readonly match: Readonly<Record<string, { mean: number; worst: number }>>;
  /** Statistics of real films of other cameras beside those of simulated frames. */
  readonly films: readonly {
    film: string;
    name: string;
    real: readonly number[];
    is: 'range' | 'quantiles';
    simulated: readonly number[] | null;
    factor: number | null;
    verdict: string;
    why?: string;
  }[];
  /** What each film is, by its key. */
  readonly filmNames: Readonly<Record<string, string>>;
}

export function simulationPage(facts: SimulationFacts): string {
  const { recordings, types, calibration, seed } = facts;
  const crops = calibration.reduce((sum, cell) => sum + cell.crops, 0);
  return renderPage({
    title: 'Simulated recordings',
    subtitle: `${recordings.length} recordings, seed ${seed}`,
    tiles: [
      { label: 'recordings', value: String(recordings.length) },
      { label: 'spatter types', value: String(types.length) },
      { label: 'simulated ÷ real, mean gray', value: facts.match['mean']!.mean.toFixed(2), note: `worst of six cells: factor ${facts.match['mean']!.worst.toFixed(2)}` }, // prettier-ignore
    ],
    measured: {
      title: 'How the match was measured',
      statements: [
        { topic: 'real', text: 'six published crops of the method’s own recordings, one of each position and flow; a single crop is no distribution', warn: true }, // prettier-ignore
        { topic: 'simulated', text: `medians over ${crops} crops that extraction takes from six short recordings of this seed at usual exposure` }, // prettier-ignore
        { topic: 'meaning', text: 'figures from simulated recordings show that the method works as built, not how well it works on a printer', warn: true }, // prettier-ignore
      ],
    },
    sections: [
      { title: 'The recordings', blocks: [{ kind: 'gallery', pictures: recordings.map(recordingPicture) }] },
      { title: 'Types of spatter', blocks: typeBlocks(facts) },
      { title: 'Beside real imagery', blocks: calibrationBlocks(facts) },
      { title: 'Beside films of other cameras', blocks: filmBlocks(facts) },
    ],
    footer: 'Made by spatter simulate --report.',
  });
}

function recordingPicture({ name, label, flow, jpeg }: SimulationFacts['recordings'][0]): Picture {
  return { jpeg, caption: `${name}, flow ${flow.toFixed(2)}`, tone: label === 1 ? 'high' : 'low' };
}

function typeBlocks({ types }: SimulationFacts): Block[] {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const pictures = types.flatMap(({ name, low, high }) => [
    ...(low ? [{ jpeg: low, caption: `${name}, low flow`, tone: 'low' as const }] : []),
    ...(high ? [{ jpeg: high, caption: `${name}, high flow`, tone: 'high' as const }] : []),
  ]);
  const columns = ['type', 'what it is', 'share at flow 0.2', 'share at flow 0.8', 'frames here'];
  const rows = types.map((each) => [
    each.name,
    each.description,
    percent(each.share_low),
    percent(each.share_high),
    each.frames,
  ]);
  return [
    { kind: 'table', columns, rows },
    { kind: 'gallery', pictures },
  ];
}

function calibrationBlocks({ measures, calibration, match }: SimulationFacts): Block[] {
  const digits = (value: number): string => (value >= 5 ? value.toFixed(0) : value.toFixed(3));
  const columns = [
    'measure',
    ...calibration.map(({ position, flow }) => `${position} ${flow}`),
    'mean ratio',
    'worst',
  ];
  const rows = Object.entries(measures).map(([name, title]) => [
    title,
    ...calibration.map(({ real, simulated }) => `${digits(simulated[name]!)} (${digits(real[name]!)})`),
    match[name]!.mean.toFixed(2),
    match[name]!.worst.toFixed(2),
  ]);
  return [
    { kind: 'text', text: 'Simulated, and in brackets the published crop. The last columns: simulated ÷ real, mean over the six cells, and how far off the worst cell is.' }, // prettier-ignore
    { kind: 'table', columns, rows },
  ];
}

function filmBlocks({ films, filmNames }: SimulationFacts): Block[] {
  const digits = (value: number): string =>
    value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
  const several = (values: readonly number[]): string => values.map(digits).join(' / ');
  const range = ([low, high]: readonly number[]): string => low === high ? digits(low!) : `${digits(low!)} … ${digits(high!)}`; // prettier-ignore
  return Object.entries(filmNames).flatMap(([key, film]): Block[] => [
    { kind: 'text', text: film },
    {
      kind: 'table',
      columns: ['statistic', 'real', 'simulated', 'off by a factor', 'verdict'],
      rows: films
        .filter((each) => each.film === key)
        .map(({ name, real, is, simulated, factor, verdict, why }) => [
          name,
          is === 'range' ? range(real) : several(real),
          simulated === null ? '–' : several(simulated),
          factor === null ? '–' : factor.toFixed(2),
          why === undefined ? verdict : `${verdict}: ${why}`,
        ]),
    },
  ]);
}
