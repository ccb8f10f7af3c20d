// An analysis as Markdown and as a page with charts and sample crops.
import { cropCountsChart, spreadChart } from '../report/charts.ts';
import { count, percent } from '../report/numbers.ts';
import { renderPage, type Picture, type Section } from '../report/page.ts';
import { analysisTables, type AnalysisTable } from './analysis-tables.ts';
import type { AnalysedData, Analysis } from './analyze.ts';

/** `ANALYSIS.md`. */
export function analysisMarkdown(path: string, analysis: Analysis): string {
  const { total_images, recordings } = analysis.dataset_summary;
  const head = `# Analysis of ${path}\n\n${count(total_images)} crops in ${count(recordings)} recordings, data set version \`${analysis.dataset_version}\`. Made by \`spatter data analyze\`; \`analysis_report.json\` holds the same figures.\n`;
  return [head, ...analysisTables(analysis).map(markdownTable)].join('\n');
}

function markdownTable({ title, text, columns, rows }: AnalysisTable): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = line(columns.map(() => '---'));
  return `## ${title}\n\n${text}\n\n${[line(columns), rule, ...rows.map(line)].join('\n')}\n`;
}

/** The page. */
export function analysisPage(path: string, data: AnalysedData, pictures: readonly Picture[]): string {
  const { analysis } = data;
  const { dataset_summary: summary, data_storage: storage, frames } = analysis;
  return renderPage({
    title: 'What is in this data set?',
    subtitle: `${path}, version ${analysis.dataset_version}`,
    tiles: [
      { label: 'Crops', value: count(summary.total_images) },
      ...summary.classes.map(({ label, share, crops }) => ({ label: `Class ${label}`, value: percent(share), note: `${count(crops)} crops` })), // prettier-ignore
      { label: 'Recordings', value: count(summary.recordings), note: `${count(summary.files.length)} files` },
      { label: 'Layers', value: frames === null ? '–' : count(frames.layers), note: frames === null ? 'no sidecars' : `${count(frames.frames_with_spatter)} frames with spatter` }, // prettier-ignore
      { label: 'JPEG compression', value: `${storage.jpeg_compression_ratio.toFixed(1)}×` },
    ],
    measured: { title: 'What to know before training', statements: statements(analysis) },
    sections: sections(data, pictures),
    footer:
      'Made by spatter data analyze. analysis_report.json holds the same figures, ANALYSIS.md the same tables.',
  });
}

function statements(analysis: Analysis) {
  const { damaged_crops, black_crops, copies, class_balance_ratio: ratio } = analysis.dataset_summary;
  const tables = new Map(analysisTables(analysis).map((table) => [table.title, table.text]));
  const shortcuts = tables.get('Shortcuts');
  const bad = `${count(damaged_crops)} damaged, ${count(black_crops)} black (nothing brighter than 20 of 255), ${count(copies)} copies of another crop.`;
  return [
    { topic: 'Balance', text: `The commonest class has ${ratio.toFixed(2)} times the crops of the rarest.`, warn: ratio > 1.5 }, // prettier-ignore
    { topic: 'Odd crops', text: bad, warn: damaged_crops + black_crops + copies > 0 },
    { topic: 'Splits', text: tables.get('Splits and their leak') ?? '', warn: analysis.index_order.kind === 'shuffled' }, // prettier-ignore
    ...(shortcuts === undefined
      ? []
      : [{ topic: 'Shortcuts', text: shortcuts, warn: analysis.shortcuts?.survey.shortcut_exists === true }]),
  ];
}

function sections({ analysis, index, columns }: AnalysedData, pictures: readonly Picture[]): Section[] {
  const [files, storage, crops, areas, classes, ...rest] = analysisTables(analysis).map((table): Section => {
    const body = { kind: 'table' as const, columns: table.columns, rows: table.rows };
    return { title: table.title, blocks: [{ kind: 'text', text: table.text }, body] };
  });
  const counts = analysis.frames?.recordings.map(({ recording, label, crops: n }) => ({ name: recording, label, crops: n })); // prettier-ignore
  const perFile = analysis.dataset_summary.files.map(({ file, label, crops: n }) => ({ name: file, label, crops: n })); // prettier-ignore
  const charts = [
    { name: 'area', title: 'Area', axis: 'width × height, square pixels', values: columns.area },
    { name: 'brightness', title: 'Brightness', axis: 'mean gray level', values: columns.brightness },
    { name: 'bytes', title: 'JPEG size', axis: 'bytes', values: columns.jpeg_bytes },
    { name: 'width', title: 'Width', axis: 'pixels', values: columns.width },
  ].map(({ values, ...text }) => ({ svg: spreadChart(values, index.label, text) }));
  const wide = {
    kind: 'figures' as const,
    figures: [{ svg: cropCountsChart(counts ?? perFile), wide: true }],
  };
  return [
    { ...files!, blocks: [...files!.blocks, wide] },
    ...(pictures.length > 0
      ? [{ title: 'Sample crops', blocks: [{ kind: 'gallery' as const, pictures }] }]
      : []),
    { ...crops!, blocks: [...crops!.blocks, { kind: 'figures', figures: charts }] },
    ...[areas!, classes!, storage!, ...rest],
  ];
}
