// The same picture twice: under two labels, in two recordings, or on both sides of a split.
import { CropFileReader } from '../../store/crop-file.ts';
import { decodeJpeg } from '../../store/jpeg.ts';
import { join } from 'node:path';
import { copies, lookalikes } from '../near-duplicates.ts';
import { placeName, placeOf, type CropPlace } from '../quarantine.ts';
import { PARTS } from '../splits/split.ts';
import { packCrop } from '../transforms/pack.ts';
import { finding, type CheckedData, type Finding } from './finding.ts';
import { worstPairs, type SlotPair } from './parted-pairs.ts';
import { partsOfSplits } from './split-leaks.ts';

/** Root mean square difference, in gray levels after equal means, below which two crops are the same picture. */
const SAME_PICTURE = 4;
/** The same, as a share of the crop’s own standard deviation. */
const SAME_SHARE = 0.15;
const SIDE = 40;

/** Byte for byte the same JPEG. */
export function checkCopies({ index, survey, rowOfSlot }: CheckedData): Finding[] {
  const groups = copies(survey.facts);
  const label = (slot: number) => index.label[rowOfSlot[slot]!]!;
  const names = (group: readonly number[]) => group.slice(0, 3).map((slot) => placeName(placeOf(index, rowOfSlot[slot]!))).join(' = '); // prettier-ignore
  const contradicting = groups.filter((group) => new Set(group.map(label)).size > 1);
  const plain = groups.filter((group) => !contradicting.includes(group));
  const extra = (list: readonly number[][]) => list.reduce((sum, group) => sum + group.length - 1, 0);
  return [
    ...finding('copy_with_other_label', 'error', contradicting.map(names), (n) => `${n} crops are copies of a crop of another class`, extra(contradicting)), // prettier-ignore
    ...finding('copy', 'warning', plain.map(names), (n) => `${n} crops are copies of another crop, byte for byte`, extra(plain)), // prettier-ignore
  ];
}

/**
 * Crops of two recordings that look the same: neighbouring frames of one recording do so by nature, two recordings only
 * where a video was copied, cut or encoded again. Every pair is decoded and compared before it is reported.
 */
export async function checkLookalikes(data: CheckedData): Promise<Finding[]> {
  const { index, survey, rowOfSlot } = data;
  const group = groupOfSlot(data);
  const { pairs, crowded } = lookalikes(survey.facts, (a, b) => group[a] !== group[b]);
  const place = (slot: number) => placeOf(index, rowOfSlot[slot]!);
  const planes = await packedPlanes(index.root, [...new Set(pairs.flat())], place);
  const same = pairs.flatMap((slots) => samePicture(planes, slots));
  const name = ({ slots: [a, b] }: SlotPair) => `${placeName(place(a))} ~ ${placeName(place(b))}`;
  const label = (slot: number) => index.label[rowOfSlot[slot]!]!;
  const [other, alike] = [0, 1].map((equal) => same.filter(({ slots: [a, b] }) => Number(label(a) === label(b)) === equal)) as [SlotPair[], SlotPair[]]; // prettier-ignore
  const rest = crowded ? ' (at least: many crops look alike)' : '';
  return [
    ...finding('lookalike_with_other_label', 'warning', other.map(name), (n) => `${n} pairs of crops of two recordings and two classes show the same picture${rest}`), // prettier-ignore
    ...finding('lookalike', 'warning', alike.map(name), (n) => `${n} pairs of crops of two recordings show the same picture${rest}: was a video copied or encoded again?`), // prettier-ignore
    ...acrossSplits(data, same, name),
  ];
}

type Pair = readonly [number, number];

/** Pairs whose crops stand in two parts of a split, counted for each two parts. */
function acrossSplits(
  data: CheckedData,
  pairs: readonly SlotPair[],
  name: (pair: SlotPair) => string,
): Finding[] {
  if (pairs.length === 0) return [];
  return partsOfSplits(data).flatMap(({ kind, part }) => {
    const partOf = (slot: number) => part[data.rowOfSlot[slot]!]!;
    const counts = SIDES.flatMap(([a, b]) => {
      const meet = ({ slots }: SlotPair) => [a + 1, b + 1].every((side) => slots.some((slot) => partOf(slot) === side)); // prettier-ignore
      const n = pairs.filter(meet).length;
      return n === 0 ? [] : [`${n} between ${PARTS[a]!} and ${PARTS[b]!}`];
    });
    const across = pairs.filter(({ slots: [a, b] }) => partOf(a) !== partOf(b) && partOf(a) * partOf(b) > 0);
    return finding('lookalike_across_split', 'warning', across.map(name), () => `The split ${kind} parts pairs that show the same picture: ${counts.join(', ')}`, across.length, worstPairs(data, { kind, part }, across)); // prettier-ignore
  });
}

/** Every two parts of a split, as places in `PARTS`. */
const SIDES: readonly Pair[] = [
  [0, 1],
  [0, 2],
  [1, 2],
];

/** Recording of each slot; where recordings are not known, its HDF5 file. */
function groupOfSlot({ index, times, rowOfSlot }: CheckedData): Uint16Array {
  return Uint16Array.from(rowOfSlot, (row) => (times === null ? index.file[row]! : times.recording[row]!));
}

/** Gray squares of some crops; slots ascend by file, so each file is opened once. */
async function packedPlanes(
  root: string,
  slots: readonly number[],
  place: (slot: number) => CropPlace,
): Promise<Map<number, Uint8Array>> {
  const planes = new Map<number, Uint8Array>();
  let reader: CropFileReader | undefined;
  try {
    for (const slot of slots.toSorted((a, b) => a - b)) {
      const { file, dataset, dsIdx } = place(slot);
      const path = join(root, file);
      if (reader?.path !== path) {
        reader?.close();
        reader = await CropFileReader.open(path);
      }
      const plane = new Uint8Array(SIDE * SIDE);
      packCrop(await decodeJpeg(reader.read(dataset, dsIdx, 1)[0]!), 1, SIDE, plane);
      planes.set(slot, plane);
    }
  } finally {
    reader?.close();
  }
  return planes;
}

/** Root mean square difference in gray levels, after both have the same mean: one may be exposed a little longer. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return deviation(a, (i) => a[i]! - b[i]!);
}

/** The pair with its difference where it is the same picture, or as far apart as a cut one pixel beside lets edges of this contrast be. */
function samePicture(planes: ReadonlyMap<number, Uint8Array>, slots: Pair): SlotPair[] {
  const [a, b] = slots.map((slot) => planes.get(slot)!) as [Uint8Array, Uint8Array];
  const contrast = deviation(a, (i) => a[i]!);
  const apart = difference(a, b);
  return apart < Math.max(SAME_PICTURE, SAME_SHARE * contrast) ? [{ slots, difference: apart }] : [];
}

/** Standard deviation of `of` over the pixels of `plane`. */
function deviation(plane: Uint8Array, of: (i: number) => number): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < plane.length; i++) {
    sum += of(i);
    squares += of(i) ** 2;
  }
  return Math.sqrt(Math.max(0, squares / plane.length - (sum / plane.length) ** 2));
}
