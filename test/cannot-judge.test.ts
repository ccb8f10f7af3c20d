// Every reason for which a build is not judged, by the command line, on simulated recordings; and one that is judged.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { simulatedData, spatter, spatterJson } from './cli.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-blind-'));
const at = (...parts: string[]) => join(root, ...parts);

/** Name of a recording, how it is simulated, and how the line about it begins behind its verdict. */
const RECORDINGS = {
  plain: [['--exposure', '1'], /^(high|low|unclear) – /],
  short: [['--layers', '1', '--frames', '20'], /^cannot judge – only 0 of 1 layers could be judged: only \d+ crops, at least 20 are needed$/],
  black: [['--exposure', '0.02'], /^cannot judge – dark view: nothing in its frames glows brighter than 80 of 255$/],
  dark: [['--exposure', '0.1'], /^cannot judge – only 0 of 2 layers could be judged: dark view$/],
  fouled: [['--exposure', '1', '--fouling', '1'], /^cannot judge – only 0 of 2 layers could be judged: fouled or blurred view$/],
  glaring: [['--exposure', '12'], /^cannot judge – only 0 of 2 layers could be judged: out of distribution$/],
} as const; // prettier-ignore

type Name = keyof typeof RECORDINGS;
const lines: Record<string, string> = {};

beforeAll(() => {
  simulatedData(root);
  const run = [`paths.data_root=${root}`, `paths.run_dir=${at('run')}`, 'training.epochs=1'];
  const split = ['data.split.gap_frames=10', 'data.split.blocks=3'];
  spatterJson(
    'train',
    ...run,
    ...split,
    'training.batch_size=32',
    'device=cpu',
    'threads=2',
    '--no-evaluate',
  );
  spatterJson('export', at('run'));
  for (const [name, [options]] of Object.entries(RECORDINGS))
    spatterJson('simulate', '--name', name, '--flow', '0.5', '--layers', '2', '--frames', '300', ...options, '--out', at('new')); // prettier-ignore
  const model = ['--model', at('run', 'export'), '--layer-gap', '40', '--out', at('verdicts')];
  const { stdout } = spatter('predict', at('new'), ...model);
  for (const name of Object.keys(RECORDINGS))
    lines[name] = stdout.split('\n').find((line) => line.startsWith(`${at('new', name)}.mp4: `))!;
}, 240_000);
afterAll(() => rmSync(root, { recursive: true }));

it.each(Object.keys(RECORDINGS) as Name[])('%s', (name) => {
  const [, wanted] = RECORDINGS[name];
  const said = lines[name]!.slice(lines[name]!.indexOf(': ') + 2);
  expect(said).toMatch(wanted);
  const verdict = JSON.parse(readFileSync(at('verdicts', `${name}_verdict.json`), 'utf8')) as {
    verdict: string;
    reason: string;
    layers: { verdict: string; reason: string; low: number | null }[];
  };
  expect(`${verdict.verdict} – ${verdict.reason}`).toBe(said);
  const { columns, rows } = readCsv(at('verdicts', `${name}_layers.csv`));
  expect(rows.map((row) => row[columns.indexOf('reason')])).toEqual(
    verdict.layers.map(({ reason }) => reason),
  );
  const judged = verdict.layers.filter(({ low }) => low !== null);
  expect(judged.length > 0).toBe(name === 'plain');
  const page = readFileSync(at('verdicts', `${name}_report.html`), 'utf8');
  expect(page.includes('Cannot judge: ')).toBe(name !== 'plain');
});
