// The page of `spatter predict` for a model that tells classes apart: what was found, layer by layer, and how far to trust it.
import type { ClassLayerVerdict, ClassVerdict } from '../metrics/class-verdict.ts';
import { classLayersChart } from './charts.ts';
import { count, decimal } from './numbers.ts';
import { renderPage, type Cell, type Picture, type Section, type Statement, type Tone } from './page.ts';

export interface ClassPredictionReport {
  readonly title: string;
  readonly subtitle: string;
  readonly footer: string;
  readonly labels: readonly string[];
  readonly found: ClassVerdict;
  readonly layers: readonly ClassLayerVerdict[];
  /** How the model was measured, from its passport: the box beside the verdict. */
  readonly measured: readonly Statement[];
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly pictures?: readonly Picture[];
}

/** Classes that get a tile of their own, the commonest first. */
const TILES = 8;

/** The page as HTML text. */
export function classPredictionPage(report: ClassPredictionReport): string {
  const { found, labels } = report;
  const tone = toneOf(found);
  const commonest = labels.toSorted((a, b) => found.counts[b]! - found.counts[a]!).slice(0, TILES);
  return renderPage({
    title: report.title,
    subtitle: report.subtitle,
    headline: { text: `${titled(found.verdict)}: ${found.reason}.`, tone },
    tiles: commonest.map((name) => ({ label: `Crops: ${name}`, value: count(found.counts[name]!) })),
    measured: { title: 'How far to trust this', statements: [...report.measured, LAYERS] },
    sections: sections(report),
    footer: report.footer,
  });
}

const LAYERS: Statement = {
  topic: 'Layers',
  text:
    'A layer is called by a class when the whole 95 % interval of that class’s lead over the next lies above 0. The interval allows for ' +
    'neighbouring frames being alike; it does not cover errors that all crops share, such as another camera.',
};

function toneOf({ verdict, decided }: Pick<ClassVerdict, 'verdict' | 'decided'>): Tone {
  return decided !== null ? 'high' : verdict === 'unclear' ? 'unclear' : 'muted';
}

const titled = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

function sections({ layers, labels, facts, pictures = [] }: ClassPredictionReport): Section[] {
  const charts = layers.some(({ crops }) => crops > 0) ? [classLayersChart(layers, labels)] : [];
  const columns = ['Layer', 'Verdict', ...labels, 'Crops', 'Frames', 'Reason'];
  return [
    {
      title: 'Layers',
      blocks: [
        { kind: 'figures', figures: charts.map((svg) => ({ svg, wide: true })) },
        { kind: 'text', text: 'Mean probability of each class in each layer, with its interval.' },
        { kind: 'table', fold: `All ${layers.length} layers`, columns, rows: layers.map(layerRow) },
      ],
    },
    ...(pictures.length === 0 ? [] : [{ title: 'Crops', blocks: [{ kind: 'gallery' as const, pictures }] }]),
    { title: 'What was read', blocks: [{ kind: 'table', columns: ['', ''], rows: facts }] },
  ];
}

function layerRow(layer: ClassLayerVerdict): Cell[] {
  const shares = layer.classes.map(({ meanProbability, low, high }) => {
    const range = low === null || high === null ? '' : ` (${decimal(low, 2)} … ${decimal(high, 2)})`;
    return `${decimal(meanProbability, 2)}${range}`;
  });
  const verdict = { text: layer.verdict, tone: toneOf(layer) };
  return [layer.layer, verdict, ...shares, count(layer.crops), count(layer.frames), layer.reason];
}
