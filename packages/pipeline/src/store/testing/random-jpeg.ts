// JPEG files of random coefficients in every kind of subsampling, with or without restart markers: what no image library writes.
import { integer, randomStream, type Random } from '../../util/random.ts';
import { AC_TABLES, DC_TABLES, huffmanCodes, jpegHeader } from '../jpeg-tables.ts';

export interface JpegKind {
  readonly width: number;
  readonly height: number;
  /** Sampling factors of luma, such as 0x21 for 4:2:2; chroma has 0x11. */
  readonly sampling: number;
  /** Coded units between restart markers; 0: none. */
  readonly restart: number;
}

/** Where the header has the sampling of luma: behind SOI, APP0, two DQT, and eleven bytes of SOF0. */
const SAMPLING_OFFSET = 2 + 18 + 2 * 69 + 11;

/** Bits, most significant first, as an entropy-coded segment. */
class BitWriter {
  readonly bytes: number[] = [];
  #bits = '';

  put(value: number, length: number): void {
    if (length > 0) this.#bits += value.toString(2).padStart(length, '0');
  }

  /** Fills the last byte with ones and stuffs. */
  flush(): void {
    const bits = this.#bits.padEnd(Math.ceil(this.#bits.length / 8) * 8, '1');
    for (let at = 0; at < bits.length; at += 8) {
      const byte = Number.parseInt(bits.slice(at, at + 8), 2);
      this.bytes.push(byte, ...(byte === 0xff ? [0] : []));
    }
    this.#bits = '';
  }
}

const TABLES = [0, 1].map((id) => ({
  dc: huffmanCodes(DC_TABLES[id]!, 16),
  ac: huffmanCodes(AC_TABLES[id]!, 256),
}));

function putSymbol(out: BitWriter, codes: Uint32Array, run: number, value: number): void {
  const size = value === 0 ? 0 : 32 - Math.clz32(Math.abs(value));
  const code = codes[(run << 4) | size]!;
  out.put(code >>> 5, code & 31);
  out.put(value > 0 ? value : value + (1 << size) - 1, size);
}

/** A few coefficients far apart, or one alone; also runs of 16 zeros and a block that ends at the last coefficient. Returns its DC. */
function putBlock(out: BitWriter, random: Random, table: number, lastDc: number): number {
  const { dc, ac } = TABLES[table]!;
  const value = integer(random, 61) - 30;
  putSymbol(out, dc, 0, value - lastDc);
  let k = 0;
  while (integer(random, 6) > 0) {
    const run = integer(random, 4) === 0 ? integer(random, 16) : integer(random, 3);
    if (k + run + 1 > 63) break;
    k += run + 1;
    putSymbol(out, ac, run, (1 + integer(random, 30)) * (integer(random, 2) * 2 - 1));
  }
  if (k < 63) putSymbol(out, ac, 0, 0);
  return value;
}

/** The file of `seed`. */
export function randomJpeg({ width, height, sampling, restart }: JpegKind, seed: number): Uint8Array {
  const random = randomStream(11, seed);
  const header = jpegHeader(50, width, height);
  header[SAMPLING_OFFSET] = sampling;
  const [across, down] = [sampling >> 4, sampling & 15];
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  const out = new BitWriter();
  let dc = [0, 0, 0];
  for (let unit = 0; unit < units; unit++) {
    if (restart > 0 && unit > 0 && unit % restart === 0) {
      out.flush();
      dc = [0, 0, 0];
      out.bytes.push(0xff, 0xd0 + ((unit / restart - 1) & 7));
    }
    for (let i = 0; i < across * down; i++) dc[0] = putBlock(out, random, 0, dc[0]!);
    for (const i of [1, 2]) dc[i] = putBlock(out, random, 1, dc[i]!);
  }
  out.flush();
  const interval = restart > 0 ? [0xff, 0xdd, 0, 4, restart >> 8, restart & 255] : [];
  return Uint8Array.from([0xff, 0xd8, ...interval, ...header.subarray(2), ...out.bytes, 0xff, 0xd9]);
}
