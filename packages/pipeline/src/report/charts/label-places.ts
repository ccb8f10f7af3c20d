// Where labels of points go so that none covers another or another's point.

/** A point and the width of its label, in pixels from the left and from the top. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Where a label begins: its left end, at half its height. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Pixels: half a label's height, half a point's size, and the gap between a point and its label. */
const [HALF_LABEL, HALF_POINT, GAP] = [8, 6, 10];
/** Rows above and below in which a free place is looked for. */
const ROWS = 12;

/**
 * A place beside each point, right of it where there is room, else left of it, in the nearest free row. When all are
 * taken, labels overlap.
 */
export function labelPlaces(points: readonly Labelled[]): LabelPlace[] {
  const taken = points.map(({ x, y }) => boxAround(x - HALF_POINT, x + HALF_POINT, y, HALF_POINT));
  return points.map((point) => {
    const places = candidates(point);
    const free = places.find((place) => taken.every((box) => !overlap(box, labelBox(place, point.width))));
    const place = free ?? places[0]!;
    taken.push(labelBox(place, point.width));
    return place;
  });
}

/** Nearest first. */
function candidates({ x, y, width }: Labelled): LabelPlace[] {
  const rows = Array.from({ length: ROWS + 1 }, (_, row) => (row === 0 ? [0] : [-row, row])).flat();
  return rows.flatMap((row) => {
    const at = y + row * 2 * HALF_LABEL;
    return [
      { x: x + GAP, y: at },
      { x: x - GAP - width, y: at },
    ];
  });
}

function labelBox({ x, y }: LabelPlace, width: number): Box {
  return boxAround(x, x + width, y, HALF_LABEL);
}

function boxAround(left: number, right: number, middle: number, half: number): Box {
  return { left, right, top: middle - half, bottom: middle + half };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
