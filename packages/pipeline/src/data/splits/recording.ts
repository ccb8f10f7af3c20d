// Whole recordings (or positions, or sessions) held out: the test crops come from videos the network has never seen.
import { SpatterError } from '../../util/errors.ts';
import { permutation, randomStream } from '../../util/random.ts';
import {
  PARTS,
  REFERENCE_FRACTIONS,
  checkFractions,
  collect,
  type Fractions,
  type SplitInput,
  type SplitOptions,
  type Splitter,
} from './split.ts';

interface Group {
  readonly name: string;
  /** Crops per class. */
  readonly counts: readonly number[];
}

/**
 * Groups are shuffled by the seed. Each part first takes groups until it has every class (test, then val, then train;
 * groups of several classes first); the rest go where the shares of `fractions` lack most.
 * @throws {SpatterError} SPLIT_IMPOSSIBLE when a part would miss a class, such as with fewer than three groups per class.
 */
export const recordingSplit: Splitter = (input, options) => {
  const fractions = checkFractions(options.fractions ?? REFERENCE_FRACTIONS);
  const by = options.group ?? 'recording';
  const seed = options.seed ?? 0;
  const { groups, groupOfRow } = gather(input, by);
  const partOf = assign(groups, by, fractions, seed);
  const part = Uint8Array.from(groupOfRow, (g) => partOf[g]!);
  const names = (p: number): string[] => groups.flatMap((g, i) => (partOf[i] === p ? [g.name] : [])).sort();
  const held = { train: names(0), val: names(1), test: names(2) };
  return collect(part, { kind: 'recording', gap_frames: 0, seed, group: by, groups: held });
};

function gather(input: SplitInput, by: NonNullable<SplitOptions['group']>) {
  const names = [...new Set(input.recordings.map((r, i) => groupName(r, i, by)))].sort();
  const ofRecording = input.recordings.map((r, i) => names.indexOf(groupName(r, i, by)));
  const classes = input.label.reduce((a, b) => Math.max(a, b), 0) + 1;
  const counts = names.map(() => Array<number>(classes).fill(0));
  const groupOfRow = Uint16Array.from(input.recording, (r) => ofRecording[r]!);
  groupOfRow.forEach((g, row) => counts[g]![input.label[row]!]!++);
  return { groups: names.map((name, i): Group => ({ name, counts: counts[i]! })), groupOfRow };
}

function groupName(
  recording: SplitInput['recordings'][number],
  index: number,
  by: NonNullable<SplitOptions['group']>,
): string {
  // Two files may hold recordings of one name; they stay two groups.
  if (by === 'recording') return `${recording.name}#${index}`;
  const name = recording[by];
  if (name !== null) return name;
  throw new SpatterError(
    'SPLIT_IMPOSSIBLE',
    `the split by ${by} needs the ${by} of every recording, '${recording.name}' has none`,
    `name it in the labels file, or group by recording`,
  );
}

/** Part (index into PARTS) of each group. */
function assign(groups: readonly Group[], by: string, fractions: Fractions, seed: number): Uint8Array {
  const free = [...permutation(randomStream(seed), groups.length)].filter((g) => size(groups[g]!) > 0);
  const classes = groups[0]?.counts.length ?? 0;
  const partOf = new Uint8Array(groups.length);
  const have = PARTS.map(() => Array<number>(classes).fill(0));
  const give = (g: number, p: number): void => {
    free.splice(free.indexOf(g), 1);
    partOf[g] = p;
    groups[g]!.counts.forEach((n, c) => (have[p]![c]! += n));
  };
  for (const p of [2, 1, 0]) {
    for (let missing = classes; missing > 0; missing = have[p]!.filter((n) => n === 0).length) {
      if (have[p]!.every((n) => n > 0)) break;
      give(mostMissing(free, groups, have[p]!) ?? impossible(groups, by, p), p);
    }
  }
  while (free.length > 0) give(free[0]!, neediest(have, fractions));
  return partOf;
}

const size = (group: Group): number => group.counts.reduce((a, b) => a + b, 0);

/** The free group with most of the classes that `have` lacks; undefined when none helps. */
function mostMissing(
  free: readonly number[],
  groups: readonly Group[],
  have: readonly number[],
): number | undefined {
  const helps = (g: number): number => groups[g]!.counts.filter((n, c) => n > 0 && have[c] === 0).length;
  const best = free.reduce((a, b) => (helps(b) > helps(a) ? b : a), free[0] ?? -1);
  return best >= 0 && helps(best) > 0 ? best : undefined;
}

/** The part that is furthest below its share. */
function neediest(have: readonly (readonly number[])[], fractions: Fractions): number {
  const sums = have.map((counts) => counts.reduce((a, b) => a + b, 0));
  const fill = (p: number): number => sums[p]! / fractions[p]!;
  return [0, 1, 2].reduce((a, b) => (fill(b) < fill(a) ? b : a));
}

function impossible(groups: readonly Group[], by: string, part: number): never {
  const classes = groups[0]?.counts ?? [];
  const tally = classes.map((_, c) => `${groups.filter((g) => g.counts[c]! > 0).length} of class ${c}`);
  throw new SpatterError(
    'SPLIT_IMPOSSIBLE',
    `the split by ${by} needs each class in train, val and test, so three ${by}s per class; there are ${tally.join(', ')}, and ${PARTS[part]!} would lack a class`,
    "record more, or use the split 'time-block'",
  );
}
