// Which images are judged on the event loop's own thread: small ones, while few arrive together. Handing them to another thread would
// cost more than it takes to judge them.
import { isJpeg, jpegShape } from './image-shape.ts';

const MOST_PIXELS = 160 * 160;
/** Images and milliseconds of the network that one turn of the event loop may be kept with. */
const MOST_IMAGES = 4;
const MOST_MS = 1;

/** Whether `image` is small enough: a JPEG of one scan, by its header. */
export function isSmall(image: Uint8Array): boolean {
  if (!isJpeg(image)) return false;
  const shape = jpegShape(image);
  return shape !== null && shape.scans === 1 && shape.width * shape.height <= MOST_PIXELS;
}

/** Whether `count` small images that arrived together stay, where the network takes `runMs` for one; a crowd is for the threads. */
export function stay(count: number, runMs: number): boolean {
  return count <= MOST_IMAGES && count * runMs <= MOST_MS;
}
