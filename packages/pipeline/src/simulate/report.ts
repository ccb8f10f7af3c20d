// What a simulation rendered, to look at: a picture of each recording and of each spatter type, and the match with real imagery.
import { join } from 'node:path';
import { simulationPage, type SimulationFacts } from '../report/simulation-page.ts';
import { encodeJpegSync } from '../store/jpeg-encoder.ts';
import { refuseToOverwrite, writeFileAtomic } from '../util/atomic.ts';
import { calibrate, matchOf, MEASURES, type Measure } from './calibration.ts';
import { FILMS } from './real-films.ts';
import { flowLabel, meanFlow, recipe, type Recipe } from './recipe.ts';
import { createRenderer, type Renderer } from './render.ts';
import { SPATTER_TYPES, shareOf, type SpatterTypeName } from './spatter-types.ts';

/** Sides of a picture of one type, pixels. */
const CLOSE_UP = 200;

/** The report's files in `folder`. */
export function reportFiles(folder: string): { html: string; json: string } {
  return { html: join(folder, 'report.html'), json: join(folder, 'report.json') };
}

/**
 * Writes report.html and report.json about `recipes` into `folder`.
 * @throws {SpatterError} OUTPUT_EXISTS, DISK_FULL or IO.
 */
export async function writeReport(
  folder: string,
  recipes: readonly Recipe[],
  overwrite: boolean,
): Promise<{ html: string; json: string }> {
  const files = reportFiles(folder);
  refuseToOverwrite(Object.values(files), overwrite);
  const facts = await simulationFacts(recipes);
  const { calibration, match, films, types } = facts;
  writeFileAtomic(files.json, `${JSON.stringify({ calibration, match, films, types: types.map(withoutPictures) }, null, 2)}\n`); // prettier-ignore
  writeFileAtomic(files.html, simulationPage(facts));
  return files;
}

async function simulationFacts(recipes: readonly Recipe[]): Promise<SimulationFacts> {
  const { cells, films } = await calibrate(recipes[0]!.seed);
  const names = Object.keys(MEASURES) as Measure[];
  return {
    seed: recipes[0]!.seed,
    recordings: recipes.map((each) => pictureOf(each)),
    types: typeFacts(recipes),
    measures: MEASURES,
    calibration: cells,
    match: Object.fromEntries(names.map((name) => [name, matchOf(cells, name)])),
    films,
    filmNames: FILMS,
  };
}

const withoutPictures = ({
  name,
  description,
  share_low,
  share_high,
  frames,
}: SimulationFacts['types'][0]) => ({
  name,
  description,
  share_low,
  share_high,
  frames,
});

/** The frame in the middle of a recording's laser work. */
function pictureOf(each: Recipe): SimulationFacts['recordings'][0] {
  const renderer = createRenderer(each);
  const burning = framesOfWork(renderer);
  const index = burning[burning.length >> 1] ?? 0;
  const frame = new Uint8Array(3 * each.width * each.height);
  renderer.render(index, frame);
  return {
    name: each.name,
    label: flowLabel(each),
    flow: meanFlow(each),
    jpeg: encodeJpegSync(frame, each.width, each.height),
  };
}

function framesOfWork({ frames, plume }: Renderer): number[] {
  return Array.from({ length: frames }, (_, i) => i).filter((i) => (plume(i)?.power ?? 0) > 0.9);
}

/** Each type: how often it comes, how often it came, and what it looks like at low and at high flow. */
function typeFacts(recipes: readonly Recipe[]): SimulationFacts['types'] {
  const counts = new Map<string, number>();
  for (const each of recipes) {
    const { timeline } = createRenderer(each);
    for (const burn of timeline.burns) if (burn) counts.set(burn.type, (counts.get(burn.type) ?? 0) + 1);
  }
  return (Object.keys(SPATTER_TYPES) as SpatterTypeName[]).map((name) => ({
    name,
    description: SPATTER_TYPES[name].description,
    share_low: shareOf(name, 0.2),
    share_high: shareOf(name, 0.8),
    frames: counts.get(name) ?? 0,
    low: closeUp(name, 0.2, recipes[0]!.seed),
    high: closeUp(name, 0.8, recipes[0]!.seed),
  }));
}

/** A cut around the melt pool from a recording of the gallery's own at `flow`, in an event of `type`; null if it holds none. */
function closeUp(type: SpatterTypeName, flow: number, seed: number): Uint8Array | null {
  const own = recipe({
    name: 'gallery',
    seed,
    layerFlows: [flow],
    burnFrames: 800,
    pauseFrames: 0,
    exposure: 1,
  });
  const renderer = createRenderer(own);
  const index = framesOfWork(renderer).find(
    (i) => renderer.plume(i)!.type === type && renderer.plume(i + 1)?.type === type,
  );
  if (index === undefined) return null;
  const frame = new Uint8Array(3 * own.width * own.height);
  renderer.render(index + 1, frame);
  const { x, y } = renderer.plume(index + 1)!;
  return encodeJpegSync(cutOut(frame, own, x - 0.6 * CLOSE_UP, y - 0.65 * CLOSE_UP), CLOSE_UP, CLOSE_UP);
}

/** The square of CLOSE_UP pixels at (x, y), moved so that it lies within the frame. */
function cutOut(frame: Uint8Array, { width, height }: Recipe, x: number, y: number): Uint8Array {
  const left = Math.round(Math.min(width - CLOSE_UP, Math.max(0, x)));
  const top = Math.round(Math.min(height - CLOSE_UP, Math.max(0, y)));
  const out = new Uint8Array(3 * CLOSE_UP * CLOSE_UP);
  for (let row = 0; row < CLOSE_UP; row++) {
    const from = 3 * ((top + row) * width + left);
    out.set(frame.subarray(from, from + 3 * CLOSE_UP), 3 * row * CLOSE_UP);
  }
  return out;
}
