// All borders of a binary picture, holes included, and which border surrounds which: Suzuki and Abe (1985), algorithm 1.

/** Label of a border pixel that has been followed. */
const FOLLOWED: i8 = 2;
/** The same, and the pixel to its right has been seen to lie outside: no border starts between the two again. */
const RIGHT_EDGE: i8 = -126;
/** i32 numbers written for each contour: x, y, width, height, doubled area, 1 for a hole, its parent or −1. */
const FIELDS: i32 = 7;
const HOLE: usize = 20;
const PARENT: usize = 24;

/**
 * @param labels    (height + 2) rows of `stride` bytes, 0 or 1, with a border of zeros; relabelled by the call
 * @param owners    one i32 for each byte of `labels`: which contour labelled a pixel last; meaningful where one did
 * @param occupied  for each row the columns [from, to), two u16, that hold all its pixels
 * @param out       room for FIELDS numbers for each contour; (width·height)/2 + 1 contours are the most there can be
 * @returns the number of contours
 */
export function findContours(
  labels: usize,
  owners: usize,
  stride: i32,
  height: i32,
  occupied: usize,
  out: usize,
): i32 {
  let count = 0;
  // The owner of the pixel at `address` lies at owned + 4 · address.
  const owned = owners - (labels << 2);
  for (let y = 0; y < height; y++, occupied += 4) {
    const row = labels + <usize>((y + 1) * stride + 1);
    // No hole starts behind a row's last pixel: that one lies on an outer border, so it is a right edge by then.
    const to = <i32>load<u16>(occupied, 2);
    for (let x = <i32>load<u16>(occupied); x < to; x += 16) {
      let starts = candidates(row + <usize>x);
      while (starts != 0) {
        const column = x + ctz(starts);
        starts &= starts - 1;
        const here = load<i8>(row + <usize>column);
        const before = load<i8>(row + <usize>column - 1);
        const outer = here == 1 && before == 0;
        if (!outer && !(here == 0 && before >= 1)) continue;
        const start = outer ? column : column - 1;
        const numbers = out + <usize>(count * FIELDS * 4);
        const beside = borderToTheLeft(row, start, owned);
        store<i32>(numbers, parentOf(beside, !outer, out), PARENT);
        follow(row + <usize>start, stride, start, y, !outer, owned, count, numbers);
        count++;
      }
    }
  }
  return count;
}

/** The contour that labelled the nearest border pixel at or to the left of column `x`; −1 for none: the picture's frame. */
function borderToTheLeft(row: usize, x: i32, owned: usize): i32 {
  for (; x >= 0; x--) {
    const at = row + <usize>x;
    if ((load<u8>(at) & 0xfe) != 0) return load<i32>(owned + (at << 2));
  }
  return -1;
}

/** Suzuki and Abe, table 1: a border of the kind of the one beside it has that one's parent, else that one itself. */
function parentOf(beside: i32, hole: bool, out: usize): i32 {
  // The frame counts as a hole.
  if (beside < 0) return -1;
  const numbers = out + <usize>(beside * FIELDS * 4);
  return load<i32>(numbers, HOLE) == i32(hole) ? load<i32>(numbers, PARENT) : beside;
}

/** Bits of the 16 columns where a border may start. Following borders only ever removes some of them. */
// @ts-ignore: decorator
@inline
function candidates(at: usize): i32 {
  const zero = i8x16.splat(0);
  const here = v128.load(at);
  const before = v128.load(at - 1);
  const outer = v128.and(i8x16.eq(here, i8x16.splat(1)), i8x16.eq(before, zero));
  const hole = v128.and(i8x16.eq(here, zero), i8x16.gt_s(before, zero));
  return i8x16.bitmask(v128.or(outer, hole));
}

/** Horizontal part of direction 0…7: right, then counter-clockwise as seen on the screen. */
// @ts-ignore: decorator
@inline
function stepX(direction: i32): i32 {
  // Two bits a direction, value + 1: 2 2 1 0 0 0 1 2
  return ((0x901a >> (2 * direction)) & 3) - 1;
}

// @ts-ignore: decorator
@inline
function stepY(direction: i32): i32 {
  // 1 0 0 0 1 2 2 2
  return ((0xa901 >> (2 * direction)) & 3) - 1;
}

// @ts-ignore: decorator
@inline
function label(at: usize, value: i8, owned: usize, id: i32): void {
  store<i8>(at, value);
  store<i32>(owned + (at << 2), id);
}

/** Follows one border from its first pixel, labels it, and writes its numbers. */
function follow(
  start: usize,
  stride: i32,
  x0: i32,
  y0: i32,
  hole: bool,
  owned: usize,
  id: i32,
  out: usize,
): void {
  let left = x0;
  let right = x0;
  let top = y0;
  let bottom = y0;
  let doubled: i64 = 0;
  const from = hole ? 0 : 4;
  let direction = from;
  let last: usize = 0;
  do {
    direction = (direction - 1) & 7;
    last = start + <usize>(stepY(direction) * stride + stepX(direction));
  } while (load<i8>(last) == 0 && direction != from);
  if (load<i8>(last) == 0) {
    label(start, RIGHT_EDGE, owned, id);
  } else {
    let at = start;
    let x = x0;
    let y = y0;
    for (;;) {
      const entered = direction;
      let next: usize = 0;
      do {
        direction = (direction + 1) & 7;
        next = at + <usize>(stepY(direction) * stride + stepX(direction));
      } while (load<i8>(next) == 0);
      // The pixel to the right (direction 0) was passed over as empty when the search wrapped past it.
      if (<u32>(direction - 1) < <u32>entered) label(at, RIGHT_EDGE, owned, id);
      else if (load<i8>(at) == 1) label(at, FOLLOWED, owned, id);
      const dx = stepX(direction);
      const dy = stepY(direction);
      doubled += <i64>((x - x0) * dy - (y - y0) * dx);
      x += dx;
      y += dy;
      left = min(left, x);
      right = max(right, x);
      top = min(top, y);
      bottom = max(bottom, y);
      if (next == start && at == last) break;
      at = next;
      direction = (direction + 4) & 7;
    }
  }
  store<i32>(out, left);
  store<i32>(out, top, 4);
  store<i32>(out, right - left + 1, 8);
  store<i32>(out, bottom - top + 1, 12);
  store<i32>(out, <i32>(doubled < 0 ? -doubled : doubled), 16);
  store<i32>(out, i32(hole), HOLE);
}
