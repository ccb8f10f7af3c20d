// A regression tree that knows which part of the search space each of its leaves covers.

/** One parameter: values in [0, 1], or the index of a choice. */
export interface Column {
  readonly values: Float64Array;
  /** Number of choices; null for numbers. */
  readonly choices: number | null;
}

/** What a leaf covers of one parameter: an interval, or the choices marked 1. */
export type Cell = { readonly low: number; readonly high: number } | { readonly allowed: readonly number[] };

export interface Leaf {
  readonly cells: readonly Cell[];
  /** Mean of its targets. */
  readonly value: number;
}

interface Split {
  readonly column: number;
  /** Numbers below this, or the one choice, go to the left. */
  readonly at: number;
  readonly loss: number;
}

const MAX_DEPTH = 64;

/**
 * Grows a tree (Breiman et al., 1984, CART) on `rows`, repetitions allowed, until every leaf has one target: each split is
 * the one that leaves the least squared error. Choices are split one against the rest.
 */
export function growTree(columns: readonly Column[], targets: Float64Array, rows: readonly number[]): Leaf[] {
  const leaves: Leaf[] = [];
  const whole = columns.map(({ choices }): Cell =>
    choices === null ? { low: 0, high: 1 } : { allowed: new Array<number>(choices).fill(1) },
  );
  const open = [{ rows, cells: whole, depth: 0 }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { cells, depth } = node;
    const split = depth < MAX_DEPTH ? bestSplit(columns, targets, node.rows) : undefined;
    if (split === undefined) {
      leaves.push({ cells, value: mean(targets, node.rows) });
      continue;
    }
    const column = columns[split.column]!;
    const goesLeft = (row: number): boolean =>
      column.choices === null ? column.values[row]! < split.at : column.values[row] === split.at;
    const [left, right] = divide(cells[split.column]!, split.at);
    const at = (cell: Cell) => cells.map((old, p) => (p === split.column ? cell : old));
    open.push({ rows: node.rows.filter(goesLeft), cells: at(left), depth: depth + 1 });
    open.push({ rows: node.rows.filter((row) => !goesLeft(row)), cells: at(right), depth: depth + 1 });
  }
  return leaves;
}

function divide(cell: Cell, at: number): [Cell, Cell] {
  if ('high' in cell)
    return [
      { low: cell.low, high: at },
      { low: at, high: cell.high },
    ];
  const only = (keep: (choice: number) => boolean) => ({
    allowed: cell.allowed.map((is, choice) => (keep(choice) ? is : 0)),
  });
  return [only((choice) => choice === at), only((choice) => choice !== at)];
}

const mean = (targets: Float64Array, rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + targets[row]!, 0) / rows.length;

function bestSplit(
  columns: readonly Column[],
  targets: Float64Array,
  rows: readonly number[],
): Split | undefined {
  const first = targets[rows[0]!];
  if (rows.every((row) => targets[row] === first)) return undefined;
  let best: Split | undefined;
  columns.forEach((values, column) => {
    const split =
      values.choices === null ? splitLine(values, targets, rows) : splitChoices(values, targets, rows);
    if (split !== undefined && (best === undefined || split.loss < best.loss)) best = { column, ...split };
  });
  return best;
}

type Found = Omit<Split, 'column'> | undefined;

/** What squared error two groups leave, up to the constant that all splits share. */
const lossOf = (sum: number, count: number, all: number, size: number): number =>
  -(sum * sum) / count - (all - sum) ** 2 / (size - count);

function splitLine({ values }: Column, targets: Float64Array, rows: readonly number[]): Found {
  const order = [...rows].sort((a, b) => values[a]! - values[b]!);
  const all = order.reduce((sum, row) => sum + targets[row]!, 0);
  let best: Found;
  let sum = 0;
  for (let i = 1; i < order.length; i++) {
    sum += targets[order[i - 1]!]!;
    const [below, above] = [values[order[i - 1]!]!, values[order[i]!]!];
    if (below === above) continue;
    const loss = lossOf(sum, i, all, order.length);
    if (best === undefined || loss < best.loss) best = { at: between(below, above), loss };
  }
  return best;
}

/** The middle, or `above` where rounding leaves nothing between. */
function between(below: number, above: number): number {
  const middle = (below + above) / 2;
  return middle > below ? middle : above;
}

function splitChoices({ values, choices }: Column, targets: Float64Array, rows: readonly number[]): Found {
  const sums = new Array<number>(choices!).fill(0);
  const counts = new Array<number>(choices!).fill(0);
  for (const row of rows) {
    sums[values[row]!]! += targets[row]!;
    counts[values[row]!]!++;
  }
  const all = sums.reduce((a, b) => a + b, 0);
  let best: Found;
  counts.forEach((count, choice) => {
    if (count === 0 || count === rows.length) return;
    const loss = lossOf(sums[choice]!, count, all, rows.length);
    if (best === undefined || loss < best.loss) best = { at: choice, loss };
  });
  return best;
}
