// The page of `spatter predict`: the verdict on a build, layer by layer, and how far the model behind it can be trusted.
import type { BuildVerdict } from '../metrics/build-verdict.ts';
import type { LayerVerdict, Verdict } from '../metrics/verdict.ts';
import { layersChart, spatterChart, type LayerSpan } from './charts.ts';
import { count, decimal, percent } from './numbers.ts';
import { renderPage, type Cell, type Picture, type Section, type Statement, type Tone } from './page.ts';
import { VERDICT_STYLE } from './theme.ts';

export interface PredictionReport {
  readonly title: string;
  readonly subtitle: string;
  readonly footer: string;
  readonly build: BuildVerdict;
  readonly layers: readonly LayerVerdict[];
  readonly threshold?: number;
  /** Crops in each frame from `firstFrame` on. */
  readonly counts: ArrayLike<number>;
  readonly firstFrame?: number;
  readonly spans: readonly LayerSpan[];
  /** How the model was measured, from its passport: the box beside the verdict. */
  readonly measured: readonly Statement[];
  /** Every frame and crop accounted for, and other facts. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly pictures?: readonly Picture[];
}

const TONE: Record<Verdict, Tone> = { high: 'high', low: 'low', unclear: 'unclear', 'cannot judge': 'muted' };

const HEADLINE: Record<Verdict, string> = {
  high: 'High gas flow',
  low: 'Low gas flow',
  unclear: 'Unclear',
  'cannot judge': 'Cannot judge',
};

/** Colour of a crop's frame in the gallery. */
export function cropTone(probability: number, threshold = 0.5): Tone {
  return probability > threshold ? 'high' : 'low';
}

/** Every chart of the prediction as SVG, by file name without ending. */
export function predictionCharts(report: PredictionReport): Record<string, string> {
  return {
    ...(report.layers.length === 0 ? {} : { layers: layersChart(report.layers, report.threshold) }),
    ...(report.counts.length === 0
      ? {}
      : { spatter: spatterChart(report.counts, report.spans, report.firstFrame) }),
  };
}

/** The page; `charts` are those of {@link predictionCharts}. */
export function predictionPage(report: PredictionReport, charts = predictionCharts(report)): string {
  const { build, layers } = report;
  const crops = layers.reduce((sum, layer) => sum + layer.crops, 0);
  const tile = (verdict: Verdict) => ({
    label: `Layers: ${VERDICT_STYLE[verdict].word}`,
    value: count(build.layers[verdict]),
    tone: TONE[verdict],
  });
  return renderPage({
    title: report.title,
    subtitle: report.subtitle,
    headline: { text: `${HEADLINE[build.verdict]}: ${build.reason}.`, tone: TONE[build.verdict] },
    tiles: [
      tile('high'),
      tile('low'),
      tile('unclear'),
      tile('cannot judge'),
      { label: 'Crops judged', value: count(crops) },
    ],
    measured: { title: 'How far to trust this', statements: [...report.measured, SCATTER] },
    sections: sections(report, charts),
    footer: report.footer,
  });
}

const SCATTER: Statement = {
  topic: 'Layers',
  text:
    'A layer is called high or low when the whole 95 % interval of its mean probability lies on one side of the line. The ' +
    'interval allows for neighbouring frames being alike; it does not cover errors that all crops share, such as another camera.',
};

function sections(report: PredictionReport, charts: Record<string, string>): Section[] {
  const { layers, pictures = [], facts } = report;
  const figures = Object.values(charts).map((svg) => ({ svg, wide: true }));
  return [
    {
      title: 'Layers',
      blocks: [
        { kind: 'figures', figures },
        { kind: 'table', fold: `All ${layers.length} layers`, columns: COLUMNS, rows: layers.map(layerRow) },
      ],
    },
    ...(pictures.length === 0 ? [] : [{ title: 'Crops', blocks: [{ kind: 'gallery' as const, pictures }] }]),
    { title: 'What was read', blocks: [{ kind: 'table', columns: ['', ''], rows: facts }] },
  ];
}

const COLUMNS = [
  'Layer',
  'Verdict',
  'Mean probability',
  'Interval',
  'Votes for high',
  'Crops',
  'Frames',
  'Reason',
];

function layerRow(layer: LayerVerdict): Cell[] {
  const { low, high } = layer;
  return [
    layer.layer,
    { text: VERDICT_STYLE[layer.verdict].word, tone: TONE[layer.verdict] },
    decimal(layer.meanProbability),
    low === null || high === null ? '–' : `${decimal(low)} … ${decimal(high)}`,
    percent(layer.shareHigh, 0),
    count(layer.crops),
    count(layer.frames),
    layer.reason,
  ];
}
