// Our transforms against Pillow and torchvision on noise crops: gray, resize, rotate, and the whole chain to the tensor, byte for byte.
// SPATTER_PYTHON may name an interpreter that has torchvision too; otherwise the crop's rounding is torchvision's rule.
import { join } from 'node:path';
import {
  cropDigests,
  type CropDigests,
} from '../packages/pipeline/src/data/transforms/testing/noise-crops.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

const COUNT = 2400;
/** The last Pillow of the reference's pass order, and the first of the new one. */
const PILLOWS = ['12.3.0', '13.0.0'];

interface Answer {
  readonly pillow: string;
  readonly torchvision: string | null;
  readonly crops: readonly CropDigests[];
}

export function run(checks: Checks): void {
  const script = join(import.meta.dirname, 'python', 'pillow_crops.py');
  const given = process.env['SPATTER_PYTHON'];
  const interpreters = PILLOWS.map((version) => pythonWith([`pillow==${version}`, 'numpy==2.2.6']));
  if (given !== undefined) interpreters.push(given);
  for (const python of interpreters) compare(checks, runPython<Answer>(python, script, [String(COUNT)]));
}

function compare(checks: Checks, { pillow, torchvision, crops }: Answer): void {
  const peer = `Pillow ${pillow}${torchvision === null ? '' : `, torchvision ${torchvision}`}`;
  const order = Number(pillow.split('.')[0]) < 13 ? 'pillow-12' : 'pillow-13';
  const ours = crops.map((_, i) => cropDigests(i, order));
  for (const step of Object.keys(crops[0]!) as (keyof CropDigests)[]) {
    const wrong = crops.flatMap((theirs, i) => (theirs[step] === ours[i]![step] ? [] : [i]));
    const detail = `with the pass order of ${order}, ${wrong.length} differ, first crop ${wrong[0] ?? ''}`;
    checks.check(`${step} of ${crops.length} crops equals ${peer}`, wrong.length === 0, detail);
  }
}
