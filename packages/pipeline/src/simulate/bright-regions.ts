// Connected bright regions of a gray picture: the melt pool and the spatter beside it.

export interface BrightRegion {
  /** Pixels. */
  readonly area: number;
  /** Longer side of the upright box over the shorter. */
  readonly aspect: number;
}

/** Regions of pixels of `level` or more that touch by a side or a corner, the largest first. */
export function brightRegions(gray: Uint8Array, width: number, level: number): BrightRegion[] {
  const left = new Uint8Array(gray.length);
  for (let i = 0; i < gray.length; i++) if (gray[i]! >= level) left[i] = 1;
  const regions: BrightRegion[] = [];
  for (let at = left.indexOf(1); at >= 0; at = left.indexOf(1, at + 1)) regions.push(take(left, width, at));
  return regions.sort((a, b) => b.area - a.area);
}

/** The region that holds pixel `from`, taken out of `left`. */
function take(left: Uint8Array, width: number, from: number): BrightRegion {
  const open = [from];
  left[from] = 0;
  let [area, x0, y0, x1, y1] = [0, Infinity, Infinity, -1, -1];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)];
    area++;
    [x0, x1] = [Math.min(x0, x), Math.max(x1, x)];
    [y0, y1] = [Math.min(y0, y), Math.max(y1, y)];
    for (let row = Math.max(0, y - 1); row <= y + 1; row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const next = row * width + column;
        if (left[next] !== 1) continue;
        left[next] = 0;
        open.push(next);
      }
    }
  }
  const [long, short] = [Math.max(x1 - x0, y1 - y0) + 1, Math.min(x1 - x0, y1 - y0) + 1];
  return { area, aspect: long / short };
}
