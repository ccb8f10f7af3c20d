// What an image's header says before anything of it is decoded: a few bytes may announce gigabytes of pixels.

export interface ImageShape {
  readonly width: number;
  readonly height: number;
  /** Colour components of a JPEG; 1 for a PNG, which is decoded to colour whatever it holds. */
  readonly components: number;
  /** Scans; many tiny ones can make a progressive file cost minutes. */
  readonly scans: number;
  /** Baseline, extended or progressive Huffman coding of 8-bit samples: what the decoder takes. */
  readonly supported: boolean;
}

const SOI = 0xd8;
const SOS = 0xda;
const SCAN_HEADER = Buffer.of(0xff, SOS);
const SUPPORTED = [0xc0, 0xc1, 0xc2];

/** Frame headers are C0 to CF, but for DHT, JPG and DAC. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI;
}

/** The shape by the first frame header (ITU-T T.81 B.2.2), or null where there is none before the first scan. */
export function jpegShape(bytes: Uint8Array): ImageShape | null {
  if (!isJpeg(bytes)) return null;
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // fill byte
      continue;
    }
    if (isFrameHeader(marker)) return frameShape(bytes, at);
    if (marker === SOS) return null;
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return null;
}

function frameShape(bytes: Uint8Array, at: number): ImageShape {
  const word = (offset: number) => (bytes[at + offset]! << 8) | bytes[at + offset + 1]!;
  return {
    height: word(5),
    width: word(7),
    components: bytes[at + 9]!,
    scans: countScans(bytes),
    supported: SUPPORTED.includes(bytes[at + 1]!) && bytes[at + 4] === 8,
  };
}

/** Counts at least every real scan: entropy-coded data cannot hold FF DA, other segments may. */
function countScans(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let scans = 0;
  for (let at = buffer.indexOf(SCAN_HEADER); at >= 0; at = buffer.indexOf(SCAN_HEADER, at + 2)) scans++;
  return scans;
}

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The shape by the header chunk, which must come first (PNG 11.2.1), or null where it does not. */
export function pngShape(bytes: Uint8Array): ImageShape | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.toString('latin1', 12, 16) !== 'IHDR') return null;
  const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)];
  return { width, height, components: 1, scans: 1, supported: true };
}
