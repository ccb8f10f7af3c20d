// The entries of a PyTorch zip file in memory.
import yauzl from 'yauzl';

/**
 * The entries that are stored as they are, as torch.save leaves them, by name without the archive's own folder. Compressed ones
 * are passed over, and entries may not share bytes, so that no file can unfold to more than its size. Rejects with the reason.
 */
export async function zipEntries(file: Buffer): Promise<Map<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(file, { lazyEntries: true, validateEntrySizes: true });
  const entries = new Map<string, Buffer>();
  let left = file.length;
  for await (const entry of zip.eachEntry()) {
    if (entry.compressionMethod !== 0) continue;
    left -= entry.uncompressedSize;
    if (left < 0) throw new Error('its entries claim more bytes than it has');
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
    entries.set(entry.fileName.slice(entry.fileName.indexOf('/') + 1), Buffer.concat(parts));
  }
  return entries;
}
