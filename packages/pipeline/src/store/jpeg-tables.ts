// The tables of baseline JPEG (ITU-T T.81, annexes A and K), the quality rule of libjpeg, and the file header made of them.

/** Position of the k-th coefficient of the zigzag (T.81 figure A.6) in a block of 8 rows. */
export const ZIGZAG: readonly number[] = zigzag();

function zigzag(): number[] {
  const cells = Array.from({ length: 64 }, (_, i) => ({ at: i, row: i >> 3, column: i & 7 }));
  const along = (cell: { row: number; column: number }) =>
    (cell.row + cell.column) % 2 === 0 ? cell.column : cell.row;
  cells.sort((a, b) => a.row + a.column - (b.row + b.column) || along(a) - along(b));
  return cells.map((cell) => cell.at);
}

/** T.81 table K.1, luminance, row by row. */
const LUMA_K1 = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat();

/** T.81 table K.2, chrominance: 99 outside this corner. */
const CHROMA_CORNER = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56],
  [47, 66],
];
const CHROMA_K2 = Array.from({ length: 64 }, (_, i) => CHROMA_CORNER[i >> 3]?.[i & 7] ?? 99);

/** Quantisers of luma and chroma in row order at `quality` 50 to 100, scaled as libjpeg does. */
export function quantisers(quality: number): readonly (readonly number[])[] {
  const percent = 200 - 2 * quality;
  const scale = (value: number) => Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100)));
  return [LUMA_K1.map(scale), CHROMA_K2.map(scale)];
}

/** A Huffman table: `counts[i]` codes of length i + 1, and the symbols in order of their codes. */
export interface HuffmanTable {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

const hex = (text: string): number[] => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];
const DC_SYMBOLS = Array.from({ length: 12 }, (_, i) => i);

/** T.81 tables K.3 and K.4: luma, chroma. */
export const DC_TABLES: readonly HuffmanTable[] = [
  { counts: hex('00010501 01010101 01000000 00000000'), symbols: DC_SYMBOLS },
  { counts: hex('00030101 01010101 01010100 00000000'), symbols: DC_SYMBOLS },
];

/** T.81 tables K.5 and K.6: luma, chroma. A symbol is the run of zeros (high half) and the number of bits (low half). */
export const AC_TABLES: readonly HuffmanTable[] = [
  {
    counts: hex('00020103 03020403 05050404 0000017d'),
    symbols: hex(
      '01020300 04110512 21314106 13516107 22711432 8191a108 2342b1c1 1552d1f0' +
        '24336272 82090a16 1718191a 25262728 292a3435 36373839 3a434445 46474849' +
        '4a535455 56575859 5a636465 66676869 6a737475 76777879 7a838485 86878889' +
        '8a929394 95969798 999aa2a3 a4a5a6a7 a8a9aab2 b3b4b5b6 b7b8b9ba c2c3c4c5' +
        'c6c7c8c9 cad2d3d4 d5d6d7d8 d9dae1e2 e3e4e5e6 e7e8e9ea f1f2f3f4 f5f6f7f8 f9fa',
    ),
  },
  {
    counts: hex('00020102 04040304 07050404 00010277'),
    symbols: hex(
      '00010203 11040521 31061241 51076171 13223281 08144291 a1b1c109 233352f0' +
        '156272d1 0a162434 e125f117 18191a26 2728292a 35363738 393a4344 45464748' +
        '494a5354 55565758 595a6364 65666768 696a7374 75767778 797a8283 84858687' +
        '88898a92 93949596 9798999a a2a3a4a5 a6a7a8a9 aab2b3b4 b5b6b7b8 b9bac2c3' +
        'c4c5c6c7 c8c9cad2 d3d4d5d6 d7d8d9da e2e3e4e5 e6e7e8e9 eaf2f3f4 f5f6f7f8 f9fa',
    ),
  },
];

/** Codes by symbol, each as `code << 5 | length` (T.81 annex C). */
export function huffmanCodes(table: HuffmanTable, size: number): Uint32Array {
  const codes = new Uint32Array(size);
  let [code, next] = [0, 0];
  table.counts.forEach((count, i) => {
    for (let k = 0; k < count; k++) codes[table.symbols[next++]!] = (code++ << 5) | (i + 1);
    code <<= 1;
  });
  return codes;
}

const u16 = (value: number): number[] => [value >> 8, value & 255];
const segment = (marker: number, body: readonly number[]): number[] => [
  0xff,
  marker,
  ...u16(body.length + 2),
  ...body,
];

/** Everything before the entropy-coded bytes, in OpenCV's order: JFIF 1.1, quantisers, frame (4:2:0), Huffman tables, scan. */
export function jpegHeader(quality: number, width: number, height: number): Uint8Array {
  const tables = quantisers(quality).map((values, id) =>
    segment(0xdb, [id, ...ZIGZAG.map((at) => values[at]!)]),
  );
  const components = [1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
  const frame = segment(0xc0, [8, ...u16(height), ...u16(width), 3, ...components]);
  const huffman = [0, 1].flatMap((id) => [
    ...segment(0xc4, [id, ...DC_TABLES[id]!.counts, ...DC_TABLES[id]!.symbols]),
    ...segment(0xc4, [0x10 | id, ...AC_TABLES[id]!.counts, ...AC_TABLES[id]!.symbols]),
  ]);
  const jfif = segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const scan = segment(0xda, [3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]);
  return Uint8Array.of(0xff, 0xd8, ...jfif, ...tables.flat(), ...frame, ...huffman, ...scan);
}
