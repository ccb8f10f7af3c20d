// Boxes and small capital letters drawn into a frame.

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** B G R bytes, height × width × 3. */
  readonly bytes: Uint8Array;
}

type Colour = readonly [number, number, number];

/** The outline of a box, one pixel wide; what lies outside the picture is left out. */
export function drawBox(
  picture: Picture,
  { x, y, w, h }: { x: number; y: number; w: number; h: number },
  colour: Colour,
): void {
  for (let i = 0; i < w; i++) for (const row of [y, y + h - 1]) dot(picture, x + i, row, colour);
  for (let i = 0; i < h; i++) for (const column of [x, x + w - 1]) dot(picture, column, y + i, colour);
}

/** Five rows of three pixels each, from the top, as octal digits. */
const GLYPHS: Readonly<Record<string, string>> = {
  ...{ '0': '75557', '1': '26227', '2': '71747', '3': '71717', '4': '55711' },
  ...{ '5': '74717', '6': '74757', '7': '71122', '8': '75757', '9': '75717', '-': '00700' },
  ...{ A: '25755', C: '74447', E: '74747', F: '74744', L: '44447', M: '57755' },
  ...{ O: '75557', P: '75744', R: '65655', S: '74717', Y: '55222' },
};
/** Screen pixels of a glyph's pixel. */
const SCALE = 2;

/** Writes on dark ground, so that it can be read on any picture; unknown letters stay blank. */
export function writeText(picture: Picture, left: number, top: number, text: string, colour: Colour): void {
  const [x0, y0] = [Math.max(0, left), Math.max(0, top)];
  const width = text.length * 4 * SCALE;
  for (let y = -SCALE; y < 6 * SCALE; y++) {
    for (let x = -SCALE; x < width; x++) {
      const letter = text[Math.floor(x / (4 * SCALE))] ?? ' ';
      const row = GLYPHS[letter]?.[Math.floor(y / SCALE)] ?? '0';
      const column = Math.floor(x / SCALE) & 3;
      const lit = x >= 0 && y >= 0 && ((Number(row) << 1) & (8 >> column)) !== 0;
      dot(picture, x0 + x, y0 + y, lit ? colour : [0, 0, 0]);
    }
  }
}

function dot({ width, height, bytes }: Picture, x: number, y: number, colour: Colour): void {
  if (x >= 0 && y >= 0 && x < width && y < height) bytes.set(colour, 3 * (y * width + x));
}
