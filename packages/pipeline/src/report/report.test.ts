// Tests of charts, pages and terminal tables: whole, escaped, self-contained, and the same bytes every time.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../metrics/evaluation.ts';
import { layerCountsChart, layersChart, recordingsChart, spatterChart, trainingChart } from './charts.ts';
import { thin } from './charts/curve-points.ts';
import { classPredictionPage } from './class-prediction-page.ts';
import { evaluationCharts, evaluationPage } from './evaluation-page.ts';
import { extractionPage } from './extraction-page.ts';
import { escapeHtml } from './html.ts';
import { measuredStatements } from './measured.ts';
import { count, decimal, percent, percentRange, points, pointsRange } from './numbers.ts';
import { renderPage } from './page.ts';
import { predictionPage } from './prediction-page.ts';
import { terminalPairs, terminalTable } from './terminal.ts';
import {
  sampleCharts,
  sampleClassPrediction,
  sampleEvaluation,
  samplePrediction,
} from './testing/samples.ts';

const HOSTILE = `<script>alert("x")</script> & 'y'\u0007`;
const charts = sampleCharts();

describe('charts', () => {
  it.each(Object.entries(charts))('%s is a drawing an SVG reader accepts', async (_, svg) => {
    const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
    expect(info.width).toBeGreaterThan(500);
    expect(new Set(data.subarray(0, 4 * info.width * 200)).size).toBeGreaterThan(8);
    expect(svg).toMatch(/role="img" aria-label="[^"]+"/);
    expect(svg).not.toMatch(/NaN|undefined|zr\d|class=/);
  });

  it('are the same bytes again, in this process and in another', () => {
    expect(sampleCharts()).toEqual(charts);
    const samples = pathToFileURL(join(import.meta.dirname, 'testing', 'samples.ts')).href;
    const script = `import { createHash } from 'node:crypto';
      const { sampleCharts } = await import(${JSON.stringify(samples)});
      process.stdout.write(createHash('sha256').update(JSON.stringify(sampleCharts())).digest('hex'));`;
    const other = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    expect(other).toBe(createHash('sha256').update(JSON.stringify(charts)).digest('hex'));
  });

  it('use ids that do not meet on one page', () => {
    const ids = Object.values(charts).flatMap((svg) => [...svg.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]));
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('escape names, and draw the smallest inputs', async () => {
    const odd = [
      recordingsChart([{ name: HOSTILE, crops: 1, accuracy: 1 }], 'x'),
      layersChart([{ ...samplePrediction().layers[11]! }]),
      spatterChart([3]),
      layerCountsChart([{ layer: 5, crops: 1 }]),
      trainingChart([{ epoch: 1, train_loss: 1, val_loss: 1, train_accuracy: 0.5, val_accuracy: 0.5 }]),
    ];
    for (const svg of odd) {
      await sharp(Buffer.from(svg)).stats();
      expect(svg).not.toMatch(/<script|NaN/);
    }
  });

  it('of long curves stay small and keep their ends', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i / 99_999);
    const kept = thin(x, x);
    expect(kept.length).toBeLessThan(600);
    expect([kept[0], kept.at(-1)]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe('pages', () => {
  it('escape every text and name nothing outside themselves', () => {
    const page = renderPage({
      title: HOSTILE,
      subtitle: HOSTILE,
      headline: { text: HOSTILE, tone: 'low' },
      tiles: [{ label: HOSTILE, value: HOSTILE, note: HOSTILE }],
      measured: { title: HOSTILE, statements: [{ topic: HOSTILE, text: HOSTILE, warn: true }] },
      sections: [
        {
          title: HOSTILE,
          blocks: [
            { kind: 'text', text: HOSTILE },
            {
              kind: 'table',
              fold: HOSTILE,
              columns: [HOSTILE],
              rows: [[HOSTILE], [{ text: HOSTILE, tone: 'low' }]],
            },
            { kind: 'figures', figures: [{ svg: charts['roc']!, caption: HOSTILE }] },
            { kind: 'gallery', pictures: [{ jpeg: Uint8Array.of(255, 216, 255), caption: HOSTILE }] },
          ],
        },
      ],
      footer: HOSTILE,
    });
    expect(page).not.toContain('<script');
    expect(
      page.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt; &amp; &#39;y&#39;/g),
    ).toHaveLength(20);
    expect(page).not.toContain('\u0007');
    expect(page).toContain('src="data:image/jpeg;base64,/9j/"');
    expect(page.replaceAll(/xmlns(:xlink)?="[^"]+"/g, '')).not.toMatch(
      /https?:|src="(?!data:)|@import|url\((?!#)/,
    );
  });

  it('of an evaluation show figures, the box and every chart, the same bytes each time', () => {
    const report = sampleEvaluation();
    const page = evaluationPage(report);
    expect(page).toBe(evaluationPage(sampleEvaluation()));
    expect(page).toContain('How this was measured');
    expect(page.match(/<svg /g)).toHaveLength(8);
    expect(Object.keys(evaluationCharts(report)).sort()).toEqual(
      ['baselines', 'confusion', 'histogram', 'pr', 'recordings', 'reliability', 'roc', 'training'], // prettier-ignore
    );
  });

  it('of a prediction lead with the verdict', () => {
    const page = predictionPage(samplePrediction());
    expect(page).toContain('Low gas flow: the gas flow looks low in layers 6–10.');
    expect(page).toContain('only 3 crops, at least 20 are needed');
    expect(page.match(/<svg /g)).toHaveLength(2);
  });

  it('of classes lead with what was found, and show each class of each layer', () => {
    const page = classPredictionPage(sampleClassPrediction());
    expect(page).toBe(classPredictionPage(sampleClassPrediction()));
    expect(page).toContain('Unclear: layers differ or are unclear: 1 fan, 1 long streak.');
    expect(page).toContain('only 1 crops, at least 20 are needed');
    expect(page).toMatch(/<td[^>]*>0\.7\d \(0\.6\d … 0\.7\d\)</);
    expect(page.match(/<svg /g)).toHaveLength(1);
  });

  it('of an extraction draw frames and layers, and leave out drawings of nothing', () => {
    const layer = { start: 0, end: 9, frames: 9, crops: 12, area: 3000, mean: 30 };
    const report = {
      ...{ title: HOSTILE, subtitle: 'a', footer: 'b', firstFrame: 0, tracks: 4, statements: [] },
      ...{ counts: [3, 0, 2], layers: [-1, 0, 2].map((number) => ({ ...layer, layer: number })) },
    };
    const page = extractionPage(report);
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain('Most spatter between layers: 12 crops in frames 0 … 9.');
    expect(page).toContain('66.7&nbsp;% of 3 compared');
    expect(page).not.toContain('<script');
    const none = extractionPage({ ...report, counts: [], layers: [] });
    expect(none).toContain('No spatter was found.');
    expect(none).not.toMatch(/<svg|NaN/);
  });

  it('of one class leave out the curves that have no meaning', () => {
    const report = sampleEvaluation();
    const test = { ...report.input.test, label: new Uint8Array(report.input.test.label.length).fill(1) };
    const input = { ...report.input, test };
    const page = evaluationPage({ ...report, input, evaluation: evaluate(input) });
    expect(page).not.toMatch(/NaN|ROC curve/);
  });
});

describe('the box', () => {
  it('warns of what limits the figures', () => {
    const { split, evaluation } = sampleEvaluation(2);
    const warned = measuredStatements(
      { ...split, contract: 'random', leak: { gap_frames: 5, near_share: 0.97, same_frame_share: 0.4 } },
      evaluation,
    );
    expect(warned.map((line) => [line.topic, line.warn])).toEqual([
      ['Split', true],
      ['Leak', true],
      ['Baselines', true],
      ['Gas or camera', true],
      ['Interval', true],
    ]);
    expect(warned[1]!.text).toContain('97.0 % of the test crops');
    expect(warned[4]!.text).toMatch(
      /^No interval can be given: no interval: 2 groups|^No interval can be given/,
    );
    expect(measuredStatements({ ...split, leak: null }, evaluation)[1]).toMatchObject({
      topic: 'Leak',
      warn: true,
    });
    const clean = measuredStatements(split, sampleEvaluation(10).evaluation);
    expect(clean.some((line) => line.warn)).toBe(false);
  });
});

describe('numbers and tables', () => {
  it('read as people write them', () => {
    expect([percent(0.98376), percent(null), decimal(NaN), count(1234567)]).toEqual([
      '98.4 %',
      '–',
      '–',
      '1,234,567',
    ]);
    expect(percentRange({ low: 0.5, high: 1 })).toBe('50.0 … 100.0 %');
    expect([points(0.0321), points(-0.1), pointsRange({ low: null, high: null })]).toEqual([
      '+3.2 points',
      '−10.0 points',
      'no interval',
    ]);
    expect(escapeHtml(HOSTILE)).toBe('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;');
  });

  it('align in the terminal', () => {
    expect(
      terminalTable(
        ['baseline', 'accuracy', 'rule'],
        [
          ['Model', '98.4 %', ''],
          ['Majority class', '–', 'always low'],
        ],
      ),
    ).toEqual([
      'baseline        accuracy  rule',
      '──────────────  ────────  ──────────',
      'Model             98.4 %',
      'Majority class         –  always low',
    ]);
    expect(terminalPairs([['a', '1'], ['long', '2']])).toEqual(['a     1', 'long  2']); // prettier-ignore
  });
});
