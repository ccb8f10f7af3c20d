// The page of `spatter extract --graph`: spatter over frames and layers, and how every frame and contour was accounted for.
import { layerCountsChart, spatterChart } from './charts.ts';
import { count, percent } from './numbers.ts';
import { renderPage, type Page, type Section, type Statement } from './page.ts';

/** One line of the layer table. */
export interface ExtractedLayer {
  /** −1 where a table of layer times knows none. */
  readonly layer: number;
  /** First and last frame with spatter. */
  readonly start: number;
  readonly end: number;
  readonly frames: number;
  readonly crops: number;
  /** Square pixels. */
  readonly area: number;
  /** Of the crops' bytes, 0…255. */
  readonly mean: number;
}

export interface ExtractionReport {
  readonly title: string;
  readonly subtitle: string;
  readonly footer: string;
  /** Crops in each frame from `firstFrame` on. */
  readonly counts: ArrayLike<number>;
  readonly firstFrame: number;
  readonly layers: readonly ExtractedLayer[];
  readonly tracks: number;
  /** How it was counted. */
  readonly statements: readonly Statement[];
}

export function extractionPage(report: ExtractionReport): string {
  const { title, subtitle, footer, statements } = report;
  return renderPage({
    ...{ title, subtitle, footer },
    ...headline(report),
    tiles: tiles(report),
    measured: { title: 'How this was counted', statements },
    sections: sections(report),
  });
}

function headline({ layers }: ExtractionReport): Pick<Page, 'headline'> {
  const most = layers.reduce<ExtractedLayer | null>(
    (a, b) => (a === null || b.crops > a.crops ? b : a),
    null,
  );
  if (most === null) return { headline: { text: 'No spatter was found.', tone: 'unclear' } };
  if (layers.length === 1) return {};
  const text = `Most spatter ${nameOf(most)}: ${count(most.crops)} crops in frames ${most.start} … ${most.end}.`;
  return { headline: { text, tone: 'muted' } };
}

function tiles({ counts, layers, tracks }: ExtractionReport): Page['tiles'] {
  const all = Array.from(counts);
  const busy = all.filter((crops) => crops > 0).length;
  const crops = all.reduce((sum, each) => sum + each, 0);
  const most = all.reduce((a, b) => Math.max(a, b), 0);
  return [
    { label: 'Crops', value: count(crops), note: `at most ${count(most)} in a frame` },
    { label: 'Frames with spatter', value: count(busy), note: `${percent(busy / all.length)} of ${count(all.length)} compared` }, // prettier-ignore
    { label: 'Layers with spatter', value: count(layers.filter(({ layer }) => layer >= 0).length) },
    { label: 'Tracks', value: count(tracks) },
  ];
}

function sections({ counts, firstFrame, layers }: ExtractionReport): Section[] {
  if (layers.length === 0) return [];
  const real = layers.filter(({ layer }) => layer >= 0);
  const spans = real.map(({ layer, start, end }) => ({ layer, from: start, to: end }));
  const drawings = [
    ...(counts.length === 0 ? [] : [spatterChart(counts, spans, firstFrame)]),
    ...(real.length < 2 ? [] : [layerCountsChart(real)]),
  ];
  const figures = drawings.map((svg) => ({ svg, wide: true }));
  const columns = ['Layer', 'Frames', 'With spatter', 'Crops', 'Spatter area, px²', 'Mean intensity'];
  const fold = `All ${layers.length} layers`;
  const rows = layers.map((each) => [
    ...[
      each.layer < 0 ? 'between' : each.layer,
      `${each.start} … ${each.end}`,
      count(each.frames),
      count(each.crops),
    ],
    ...[count(each.area), each.mean.toFixed(1)],
  ]);
  return [
    {
      title: 'Frames and layers',
      blocks: [
        { kind: 'figures', figures },
        { kind: 'table', columns, rows, ...(layers.length > 20 ? { fold } : {}) },
      ],
    },
  ];
}

const nameOf = ({ layer }: ExtractedLayer): string => (layer < 0 ? 'between layers' : `in layer ${layer}`);
