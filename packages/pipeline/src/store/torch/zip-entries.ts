// The entries of a PyTorch zip file in memory.
import yauzl from 'yauzl';

/**
 * Every entry by its name without the archive's own folder. Entries must be stored as they are, as torch.save leaves them,
 * so that no file can unfold to more than its size. Rejects with the reason otherwise.
 */
export async function zipEntries(file: Buffer): Promise<Map<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(file, { lazyEntries: true, validateEntrySizes: true });
  const entries = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    if (entry.compressionMethod !== 0) throw new Error(`${entry.fileName} is compressed`);
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
    entries.set(entry.fileName.slice(entry.fileName.indexOf('/') + 1), Buffer.concat(parts));
  }
  return entries;
}
