// The cheapest assignment of rows to columns (Kuhn 1955; Munkres 1957; with potentials after Jonker and Volgenant 1987).

/** Stands for a pair that may not be; larger than any sum of costs that may. */
const FORBIDDEN = 1e9;

/**
 * For each row its column, or null; as many pairs as possible, and among those the cheapest.
 * @param costs rows of equal length, 0 or more, below 1e6; Infinity forbids the pair
 */
export function assign(costs: readonly (readonly number[])[]): (number | null)[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  // Every row gets a column of its own to stay alone in, so that a full assignment always exists.
  const width = columns + rows;
  const cost = (row: number, column: number) =>
    column < columns ? Math.min(costs[row]![column]!, FORBIDDEN * 2) : FORBIDDEN;
  const rowOf = new Int32Array(width + 1).fill(-1);
  const [u, v] = [new Float64Array(rows), new Float64Array(width + 1)];
  for (let row = 0; row < rows; row++) augment(row, width, cost, rowOf, u, v);
  const result = new Array<number | null>(rows).fill(null);
  for (let column = 0; column < columns; column++) {
    const row = rowOf[column]!;
    if (row >= 0 && costs[row]![column]! < Infinity) result[row] = column;
  }
  return result;
}

/** Gives `first` a column along the shortest path of changes; column `width` is where the path begins. */
function augment(
  first: number,
  width: number,
  cost: (row: number, column: number) => number,
  rowOf: Int32Array,
  u: Float64Array,
  v: Float64Array,
): void {
  const distance = new Float64Array(width).fill(Infinity);
  const before = new Int32Array(width).fill(width);
  const done = new Uint8Array(width + 1);
  rowOf[width] = first;
  let column = width;
  do {
    done[column] = 1;
    const row = rowOf[column]!;
    let [step, next] = [Infinity, width];
    for (let j = 0; j < width; j++) {
      if (done[j] === 1) continue;
      const reduced = cost(row, j) - u[row]! - v[j]!;
      if (reduced < distance[j]!) {
        distance[j] = reduced;
        before[j] = column;
      }
      if (distance[j]! < step) [step, next] = [distance[j]!, j];
    }
    for (let j = 0; j <= width; j++) {
      if (done[j] === 1) {
        u[rowOf[j]!]! += step;
        v[j]! -= step;
      } else if (j < width) distance[j]! -= step;
    }
    column = next;
  } while (rowOf[column] !== -1);
  for (; column !== width; column = before[column]!) rowOf[column] = rowOf[before[column]!]!;
}
