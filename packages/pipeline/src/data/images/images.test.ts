// Labelled images from IDX files and class folders: what is read, how it is divided, and one line for every kind of damage.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { composeConfig } from '../../config/index.ts';
import { dataFacts, openDataset } from '../open-dataset.ts';
import { progressFor } from '../../util/progress.ts';
import { readFolderImages } from './folder-images.ts';
import { readIdxImages } from './idx-images.ts';
import { splitImages } from './image-split.ts';
import { idxBytes, pixel, put, putImage, writeTinyIdx } from './testing/idx-files.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'spatter-images-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}
const silent = progressFor(true);
const readFolder = (root: string, channels: 1 | 3 = 1, size = 6) =>
  readFolderImages(root, { size, channels, onRead: () => () => undefined });

describe('IDX files', () => {
  it('are read in every spelling, centred on black, with the distinct labels as classes', () => {
    const root = folder();
    writeTinyIdx(root);
    const images = readIdxImages(root, 8);
    expect(images).toMatchObject({ classes: ['3', '7'], size: 8, channels: 1 });
    expect([...images.labels]).toEqual([0, 1, 0, 1, 1, 0, 1, 0]);
    expect(images.published.join()).toBe('train,train,train,train,train,train,test,test');
    const at = (i: number, x: number, y: number) => images.planes[i * 64 + y * 8 + x];
    for (const i of [0, 5, 7]) {
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) {
          const inside = x >= 1 && x < 6 && y >= 2 && y < 6;
          expect(at(i, x, y)).toBe(inside ? pixel(i, x - 1, y - 2) : 0);
        }
      }
    }
    expect(images.source(7)).toBe('test image 1');
  });

  it('have a hash of their contents, whatever they are called and however they are packed', () => {
    const [a, b] = [folder(), folder()];
    writeTinyIdx(a);
    writeTinyIdx(b);
    const plain = readFileSync(join(b, 'train-images-idx3-ubyte'));
    rmSync(join(b, 'train-images-idx3-ubyte'));
    writeFileSync(join(b, 'train-images.idx3-ubyte'), gzipSync(plain));
    expect(readIdxImages(b, 8).hash).toBe(readIdxImages(a, 8).hash);
    plain[16]!++;
    writeFileSync(join(b, 'train-images.idx3-ubyte'), plain);
    expect(readIdxImages(b, 8).hash).not.toBe(readIdxImages(a, 8).hash);
  });

  it('are told where they lie when they lie deeper, and folders of their names are passed over', () => {
    const root = folder();
    mkdirSync(join(root, 'MNIST', 'raw'), { recursive: true });
    writeTinyIdx(join(root, 'MNIST', 'raw'));
    const raw = join(root, 'MNIST', 'raw');
    const refusal = (message: RegExp, hint: string): unknown =>
      expect.objectContaining({ message: expect.stringMatching(message) as string, hint });
    expect(() => readIdxImages(root, 8)).toThrow(refusal(/but holds neither$/, `set data.root=${raw}`));
    expect(() => readIdxImages(join(root, 'none'), 8)).toThrow(
      refusal(/but does not exist$/, 'set data.root to the folder of the four IDX files'),
    );
    renameSync(join(raw, 'train-images-idx3-ubyte'), join(raw, 'train-images.idx3-ubyte'));
    mkdirSync(join(raw, 'train-images-idx3-ubyte'));
    expect(readIdxImages(raw, 8).labels).toHaveLength(8);
  });

  const images = (shape: number[], length = shape.reduce((a, b) => a * b, 1)) =>
    idxBytes(shape, new Uint8Array(length));
  const cases: [string, string, Uint8Array, RegExp, number?][] = [
    ['cut short', 'train-images-idx3-ubyte', images([6, 4, 5], 119), /must hold 136 bytes for 6×4×5 values, got 135/],
    ['too long', 'train-images-idx3-ubyte', images([6, 4, 5], 121), /must hold 136 bytes .* got 137/],
    ['shorter than a header', 'train-images-idx3-ubyte', new Uint8Array(9), /header of 16 bytes, got 9/],
    ['empty', 'train-images-idx3-ubyte', new Uint8Array(), /header of 16 bytes, got 0/],
    ['labels where images belong', 'train-images-idx3-ubyte', images([16]), /magic number 0x00000803 \(unsigned bytes in 3 dimensions\), got 0x00000801 .*1 dimension\)/],
    ['cut gzip', 'train-labels-idx1-ubyte.gz', gzipSync(images([6])).subarray(0, 20), /must be whole gzip/],
    ['fewer labels than images', 't10k-labels.idx1-ubyte', images([1]), /hold 2 images and 1 labels/],
  ]; // prettier-ignore
  it.each(cases)('are refused with one line: %s', (_, name, bytes, line) => {
    const root = folder();
    writeTinyIdx(root);
    writeFileSync(join(root, name), bytes);
    expect(() => readIdxImages(root, 8)).toThrow(
      expect.objectContaining({ code: 'IDX_DAMAGED', message: expect.stringMatching(line) as string }),
    );
  });

  it.each<[string, string, number[], RegExp]>([
    ['images as labels', 'train-labels-idx1-ubyte.gz', [6, 4, 5], /^images lie where labels belong/],
    ['labels as images', 'train-images-idx3-ubyte', [16], /^labels lie where images belong/],
    ['colour', 'train-images-idx3-ubyte', [6, 3, 4, 5], /data=folder_rgb$/],
  ])('of something else are told what to do: %s', (_, name, shape, hint) => {
    const root = folder();
    writeTinyIdx(root);
    writeFileSync(join(root, name), images(shape));
    const told = { code: 'IDX_DAMAGED', hint: expect.stringMatching(hint) as string };
    expect(() => readIdxImages(root, 8)).toThrow(expect.objectContaining(told));
  });

  it('are refused when one is missing, when images do not fit, when classes do not', () => {
    const root = folder();
    writeTinyIdx(root);
    expect(() => readIdxImages(root, 4)).toThrow(/data.resize must be at least 5 for the 4×5 images/);
    rmSync(join(root, 't10k-labels.idx1-ubyte'));
    expect(() => readIdxImages(root, 8)).toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND', message: expect.stringMatching(/t10k-labels-idx1-ubyte/) as string }), // prettier-ignore
    );
    writeTinyIdx(root, { train: [1, 1], test: [1] });
    expect(() => readIdxImages(root, 8)).toThrow(expect.objectContaining({ code: 'ONE_CLASS' }));
    writeTinyIdx(root, { train: [1, 2], test: [5] });
    expect(() => readIdxImages(root, 8)).toThrow(/has class 5, which no training image has/);
  });
});

describe('class folders', () => {
  it('are read in the order of names, gray by luma, colour as red, green, blue', async () => {
    const root = folder();
    await putImage(join(root, 'b', '1.png'), [200, 100, 50]);
    await putImage(join(root, 'a', '2.jpg'), [10, 10, 10]);
    put(join(root, 'a', 'notes.txt'), Buffer.from('not an image'));
    const gray = await readFolder(root);
    expect(gray).toMatchObject({ classes: ['a', 'b'], published: ['train', 'train'] });
    expect([gray.source(0), gray.source(1)]).toEqual(['a/2.jpg', 'b/1.png']);
    expect([...gray.labels]).toEqual([0, 1]);
    expect(gray.planes[36]).toBe((200 * 19595 + 100 * 38470 + 50 * 7471 + 32768) >>> 16);
    const colour = await readFolder(root, 3);
    expect([0, 1, 2].map((k) => colour.planes[(3 + k) * 36])).toEqual([200, 100, 50]);
  });

  it('take gray, 16-bit and transparent files', async () => {
    const root = folder();
    const gray = { width: 2, height: 2, channels: 1 as const };
    const level = Buffer.from([90, 90, 90, 90]);
    put(join(root, 'a', 'gray.png'), await sharp(level, { raw: gray }).toColourspace('b-w').png().toBuffer());
    put(
      join(root, 'a', 'wide.png'),
      await sharp(level, { raw: gray }).toColourspace('grey16').png().toBuffer(),
    );
    const background = { r: 90, g: 90, b: 90, alpha: 0.5 };
    const clear = sharp({ create: { width: 2, height: 2, channels: 4, background } });
    put(join(root, 'b', 'clear.png'), await clear.png().toBuffer());
    const { planes } = await readFolder(root, 1, 2);
    expect([...planes]).toEqual(Array<number>(12).fill(90));
  });

  it('may be links; what is not read is said in a line', async () => {
    const [root, elsewhere] = [folder(), folder()];
    for (const name of ['a', 'b b']) await putImage(join(elsewhere, name, `${name} 1.png`), [9, 9, 9]);
    symlinkSync(join(elsewhere, 'a'), join(root, 'a'));
    symlinkSync(join(elsewhere, 'b b'), join(root, 'b b'));
    const read = await readFolder(root);
    expect([read.classes, read.labels.length, read.notices]).toEqual([['a', 'b b'], 2, []]);
    put(join(elsewhere, '__MACOSX', 'a', '._1.png'), Buffer.from('of an archive'));
    for (const name of ['.hidden', 'notes.txt', 'x.webp']) writeFileSync(join(elsewhere, 'a', name), '');
    mkdirSync(join(elsewhere, 'b b', 'deeper'));
    const { notices, hash } = await readFolder(root);
    expect(notices).toEqual([expect.stringMatching(/^left out, .*a\/notes\.txt and 2 more$/)]);
    expect(hash).toBe(read.hash);
  });

  it('keep published parts', async () => {
    const root = folder();
    for (const path of ['train/a/1.png', 'train/b/1.png', 'val/a/1.png', 'test/b/1.png'])
      await putImage(join(root, path), [1, 2, 3]);
    expect(await readFolder(root)).toMatchObject({
      published: ['train', 'train', 'val', 'test'],
      notices: [],
    });
    for (const path of ['extra/a/1.png', 'loose.png', 'train/loose.png'])
      await putImage(join(root, path), [1, 2, 3]);
    const { notices, labels } = await readFolder(root);
    expect(labels).toHaveLength(4);
    expect(notices).toEqual([expect.stringMatching(/^left out, .*train\/loose\.png and 2 more$/)]);
    await putImage(join(root, 'test/c/1.png'), [1, 2, 3]);
    await expect(readFolder(root)).rejects.toThrow(/test\/c\/1.png has class c, which no training image has/);
  });

  it.each(['valid', 'validation'])('take %s/ for the part that validates', async (name) => {
    const root = folder();
    for (const path of ['train/a/1.png', 'train/b/1.png', `${name}/b/1.png`])
      await putImage(join(root, path), [1, 2, 3]);
    const read = await readFolder(root);
    expect(read).toMatchObject({ published: ['train', 'train', 'val'], notices: [] });
    expect(read.source(2)).toBe(`${name}/b/1.png`);
    await putImage(join(root, 'val/a/1.png'), [1, 2, 3]);
    expect((await readFolder(root)).notices).toEqual([expect.stringMatching(new RegExp(`${name}$`))]);
  });

  it('are refused with one line: nothing there, no folders, an empty class, an unreadable image', async () => {
    const root = folder();
    await expect(readFolder(join(root, 'none'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(readFolder(root)).rejects.toMatchObject({ code: 'CLASS_FOLDERS' });
    await putImage(join(root, 'a', '1.png'), [1, 2, 3]);
    await expect(readFolder(root)).rejects.toMatchObject({ code: 'ONE_CLASS' });
    mkdirSync(join(root, 'b'));
    await expect(readFolder(root)).rejects.toThrow(/b must hold PNG or JPEG images of class b/);
    const png = readFileSync(join(root, 'a', '1.png'));
    for (const bytes of [Buffer.from('no image'), Buffer.alloc(0), png.subarray(0, png.length - 30)]) {
      put(join(root, 'b', 'x.png'), bytes);
      await expect(readFolder(root)).rejects.toMatchObject({
        code: 'IMAGE_DAMAGED',
        message: expect.stringMatching(/^[^\n]*x\.png must be a PNG or JPEG image[^\n]*$/) as string,
      });
    }
  });
});

describe('the split of images', () => {
  const labels = Uint8Array.from({ length: 60 }, (_, i) => i % 3);
  const classes = ['a', 'b', 'c'];
  const all = (part: 'train' | 'test') => Array.from({ length: 60 }, () => part);

  it('draws what was not published class by class, the same for a seed', () => {
    const images = { labels, classes, published: all('train') };
    const split = splitImages(images, [0.8, 0.1, 0.1], 1);
    expect(split.contract).toMatchObject({ kind: 'random', rows: { train: 48, val: 6, test: 6 } });
    for (const k of [0, 1, 2]) expect(split.val.filter((row) => labels[row] === k)).toHaveLength(2);
    expect(new Set([...split.train, ...split.val, ...split.test]).size).toBe(60);
    expect(splitImages(images, [0.8, 0.1, 0.1], 1)).toEqual(split);
    expect(splitImages(images, [0.8, 0.1, 0.1], 2).val).not.toEqual(split.val);
  });

  it('leaves published test images alone', () => {
    const published = all('train').map((part, i) => (i < 45 ? part : ('test' as const)));
    const split = splitImages({ labels, classes, published }, [0.8, 0.2, 0], 1);
    expect(split.contract).toMatchObject({ kind: 'official', rows: { train: 36, val: 9, test: 15 } });
    expect([...split.test]).toEqual(Array.from({ length: 15 }, (_, i) => 45 + i));
  });

  it('says when a part gets nothing', () => {
    const images = {
      labels: Uint8Array.of(0, 1),
      classes: ['a', 'b'],
      published: ['train', 'train'] as const,
    };
    expect(() => splitImages(images, [0.8, 0.1, 0.1], 1)).toThrow(
      expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE' }),
    );
  });
});

describe('a data set of images', () => {
  it('opens from a config and serves what the files hold', async () => {
    const root = folder();
    writeTinyIdx(root);
    const { config } = composeConfig({
      overrides: ['data=idx', `data.root=${root}`, 'data.split.val=0.4', 'data.split.train=0.6'],
    });
    expect(dataFacts(config)).toEqual({ channels: 1, classes: 2, root });
    const dataset = await openDataset(config, silent);
    expect(dataset).toMatchObject({ kind: 'images', description: { images: 8, classes: ['3', '7'] } });
    const loader = dataset.loader('test');
    for await (const { x, y, rows } of loader.epoch(0)) {
      expect([...rows]).toEqual([6, 7]);
      expect([...y]).toEqual([1, 0]);
      expect(x[1024 + 14 * 32 + 13]).toBe(Math.fround(pixel(7, 0, 0) / 255));
    }
    await loader.close();
  });
});
