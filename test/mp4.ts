// MP4 files with their index (the moov box) in front of the frames, so that a cut loses frames only.

/** Moves the index of a whole MP4 file before its frames, as `ffmpeg -movflags faststart` does (ISO/IEC 14496-12). */
export function withIndexInFront(file: Buffer): Buffer {
  const boxes: { type: string; bytes: Buffer }[] = [];
  for (let offset = 0; offset < file.length;) {
    const bytes = file.subarray(offset, offset + file.readUInt32BE(offset));
    boxes.push({ type: bytes.toString('latin1', 4, 8), bytes });
    offset += bytes.length;
  }
  const index = boxes.find(({ type }) => type === 'moov')!.bytes;
  shiftChunks(index, index.length);
  const [header, ...rest] = boxes.filter(({ type }) => type !== 'moov').map(({ bytes }) => bytes);
  return Buffer.concat([header!, index, ...rest]);
}

/** Adds `by` to every entry of the tables of chunk offsets (stco) in `index`. */
function shiftChunks(index: Buffer, by: number): void {
  for (let table = index.indexOf('stco'); table >= 0; table = index.indexOf('stco', table + 4)) {
    const entries = index.readUInt32BE(table + 8);
    for (let i = 0; i < entries; i++) {
      const entry = table + 12 + i * 4;
      index.writeUInt32BE(index.readUInt32BE(entry) + by, entry);
    }
  }
}
