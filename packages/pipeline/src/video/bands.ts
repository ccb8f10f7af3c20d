// The bands of rows in which two frames are compared, and which of them somebody will look at.

/** Rows of a band; the last one of a picture may have fewer. */
export const BAND_ROWS = 16;

/**
 * Where two frames may differ: for each band, from the top, two numbers: the columns from ≤ x < to that hold all of it; 0, 0 for
 * none. `to` may exceed the picture's width.
 */
export type MovingColumns = Uint16Array;

/** Bands of a picture `height` rows high. */
export function bandsOf(height: number): number {
  return Math.ceil(height / BAND_ROWS);
}

/** The bands that hold rows within `reach` of what moves, 1 for each of them, 0 for the others. */
export function bandsWithin(moving: MovingColumns, reach: number): Uint8Array {
  const marks = new Uint8Array(moving.length / 2);
  const around = Math.ceil(reach / BAND_ROWS);
  for (let band = 0; band < marks.length; band++) {
    if (moving[2 * band + 1] === 0) continue;
    marks.fill(1, Math.max(0, band - around), band + around + 1);
  }
  return marks;
}

/** Rows of the marked bands: [from, to) for each run of neighbours, from the top. */
export function* markedRows(marks: ArrayLike<number>, height: number): Generator<[from: number, to: number]> {
  for (let band = 0; band < marks.length; band++) {
    if (marks[band] === 0) continue;
    const first = band;
    while (band < marks.length && marks[band] !== 0) band++;
    yield [first * BAND_ROWS, Math.min(height, band * BAND_ROWS)];
  }
}
