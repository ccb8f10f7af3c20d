// Whether the classes weigh alike, and whether anything but the gas tells them apart: a session, a build, a machine or a camera position.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { percent } from '../../report/numbers.ts';
import { placeName, placeOf } from '../quarantine.ts';
import { RECORDINGS_CSV } from '../recordings.ts';
import { SPLIT_GROUPS } from '../splits/split.ts';
import { finding, type CheckedData, type Finding } from './finding.ts';

/** Commonest class over rarest from which accuracy alone misleads. */
const UNEVEN = 1.5;

export function checkBalance({ index }: CheckedData): Finding[] {
  const counts = new Map<number, number>();
  for (const label of index.label) counts.set(label, (counts.get(label) ?? 0) + 1);
  const classes = [...counts].sort(([a], [b]) => a - b);
  const where = classes.map(([label, n]) => `class ${label}: ${n} crops, ${percent(n / index.length)}`);
  if (classes.length < 2)
    return finding('one_class', 'error', where, () => 'All crops have the same label', 1);
  const sizes = classes.map(([, n]) => n);
  const ratio = Math.max(...sizes) / Math.min(...sizes);
  if (ratio <= UNEVEN) return [];
  return finding('uneven_classes', 'warning', where, () => `The commonest class has ${ratio.toFixed(2)} times the crops of the rarest: read the balanced accuracy`, index.length); // prettier-ignore
}

/** Where `recordings.csv` gives a recording one class, its rows should have that one. */
export function checkLabels({ index, times }: CheckedData): Finding[] {
  if (times === null || !existsSync(join(index.root, RECORDINGS_CSV))) return [];
  const [rows, counts] = [new Map<number, number>(), new Uint32Array(times.recordings.length)];
  index.label.forEach((label, row) => {
    const recording = times.recording[row]!;
    if (label === times.recordings[recording]!.label) return;
    counts[recording]!++;
    if (!rows.has(recording)) rows.set(recording, row);
  });
  const where = [...rows].map(([recording, row]) => {
    const { name, label } = times.recordings[recording]!;
    return `${name}: class ${label}, ${counts[recording]!} rows differ, the first is ${placeName(placeOf(index, row))}`;
  });
  const total = counts.reduce((sum, n) => sum + n, 0);
  return finding('label_of_recording', 'warning', where, (n) => `${n} rows have another class than ${RECORDINGS_CSV} gives their recording`, total); // prettier-ignore
}

/** A circumstance each of whose values has one class only tells the class by itself: no split can part it from the gas. */
export function checkConfounding({ times }: CheckedData): Finding[] {
  if (times === null) return [];
  return SPLIT_GROUPS.filter((group) => group !== 'recording').flatMap((name) => {
    const classes = new Map<string, Set<number>>();
    for (const recording of times.recordings) {
      const value = recording[name];
      if (value === null) return [];
      classes.set(value, (classes.get(value) ?? new Set()).add(recording.label));
    }
    const values = [...classes];
    if (values.length < 2 || values.some(([, labels]) => labels.size > 1)) return [];
    const where = values.map(([value, labels]) => `${value}: class ${[...labels].join()}`);
    return finding(`${name}_tells_class`, 'warning', where, () => `Each ${name} has crops of one class only: no split can tell the gas from the ${name}`); // prettier-ignore
  });
}
