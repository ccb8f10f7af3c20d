// `<video>_graph.html`: spatter over frames and layers, drawn from the files of an extraction. Loads the charts: import it late.
import { existsSync, readFileSync } from 'node:fs';
import { extractionPage, type ExtractedLayer } from '../report/extraction-page.ts';
import { count } from '../report/numbers.ts';
import type { Statement } from '../report/page.ts';
import { refuseToOverwrite, writeFileAtomic } from '../util/atomic.ts';
import { readCsv } from '../util/csv.ts';
import type { ExtractionParameters, ExtractionRecord } from './record.ts';

/** What a graph is drawn from. */
export interface GraphSource {
  /** CSVs as an extraction writes them. */
  readonly frameLog: string;
  readonly layers: string;
  readonly record: ExtractionRecord;
}

/**
 * Draws to `path`, whole or not at all; the same extraction gives the same bytes, and a page that has them stays untouched.
 * @throws {SpatterError} OUTPUT_EXISTS when another file is there and `overwrite` is false, DISK_FULL or IO.
 */
export function writeGraph(path: string, source: GraphSource, overwrite: boolean): void {
  const page = graphPage(source);
  if (existsSync(path) && readFileSync(path, 'utf8') === page) return;
  refuseToOverwrite([path], overwrite);
  writeFileAtomic(path, page);
}

function graphPage({ frameLog, layers, record }: GraphSource): string {
  const { input, parameters, tracks, spatter } = record;
  const log = readCsv(frameLog).rows;
  const rate = input.fps > 0 ? `${Number(input.fps.toFixed(3))} frames a second, ` : '';
  return extractionPage({
    title: `Spatter in ${input.file}`,
    subtitle: `${input.width}×${input.height} pixels, ${rate}${input.codec}`,
    footer: `Made by spatter ${spatter}, extract --graph, from a video with the SHA-256 ${input.sha256}.`,
    counts: Int32Array.from(log, ([, crops]) => Number(crops)),
    firstFrame: parameters.start_frame,
    layers: readLayers(layers),
    tracks,
    statements: statements(record),
  });
}

function readLayers(path: string): ExtractedLayer[] {
  const { columns, rows } = readCsv(path);
  return rows.map((row) => {
    const value = (name: string) => Number(row[columns.indexOf(name)]);
    return {
      ...{ layer: value('layer'), start: value('start_frame'), end: value('end_frame') },
      ...{ frames: value('frames_with_spatter'), crops: value('crops') },
      ...{ area: value('spatter_area'), mean: value('mean_intensity') },
    };
  });
}

function statements(record: ExtractionRecord): Statement[] {
  const { frames, contours, facts, parameters, damage } = record;
  const apart = parameters.mode === 'corrected' && parameters.capture;
  const told = Object.entries(facts ?? {}).map(([fact, text]) => `${fact.replace('_', ' ')} ${text}`);
  return [
    ...(told.length === 0 ? [] : [{ topic: 'Recording', text: `${told.join(', ')}.` }]),
    {
      topic: 'Frames',
      text:
        `${count(frames.in_file)} in the file = ${count(frames.decoded)} decoded + ${count(frames.unreadable)} unreadable. ` +
        'Each is compared with the next: the last has none.',
      warn: frames.unreadable > 0,
    },
    { topic: 'Contours', text: contourSum(contours) },
    { topic: 'Rules', text: rules(parameters) },
    ...(contours.black > 0
      ? [{ topic: 'Black crops', text: `${count(contours.black)} show nothing; they are counted here${apart ? ' and kept apart in quarantine' : ''}.` }] // prettier-ignore
      : []),
    ...(parameters.max_crops !== null && contours.kept + contours.black >= parameters.max_crops
      ? [{ topic: 'Limit', text: `Reading stopped after ${count(parameters.max_crops)} crops.`, warn: true }]
      : []),
    ...(damage === null
      ? []
      : [{ topic: 'Damage', text: `The video is damaged from frame ${damage.at_frame} on; what could be decoded was counted.`, warn: true }]), // prettier-ignore
  ];
}

function contourSum({ found, kept, black, over_limit, rejected }: ExtractionRecord['contours']): string {
  const { small, large, empty, edge, blue } = rejected;
  const parts: [number, string][] = [
    [kept, 'kept'],
    [black, 'black'],
    [over_limit, 'over the limit'],
    [small, 'too small'],
    [large, 'too large'],
    [empty, 'empty'],
    [edge, 'at the edge'],
    [blue, 'blue'],
  ];
  const some = parts.filter(([n], i) => i === 0 || n > 0).map(([n, what]) => `${count(n)} ${what}`);
  return `${count(found)} found = ${some.join(' + ')}.`;
}

function rules(parameters: ExtractionParameters): string {
  const { mode, min_area, max_area, threshold, left_bound, right_bound, layer_gap } = parameters;
  const layers =
    layer_gap === null
      ? 'layers by a table of times'
      : `a new layer after ${count(layer_gap)} frames without spatter`;
  return (
    `Mode ${mode}; contours of ${min_area} … ${max_area} px², gray differences above ${threshold}, ` +
    `columns ${left_bound} … ${right_bound - 1}; ${layers}.`
  );
}
