// The parts of the server that need no model: tokens, forms, image headers, admission, the queue of images.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Admission } from './admission.ts';
import { BatchQueue } from './batch-queue.ts';
import { isPng, jpegShape, pngShape } from './image-shape.ts';
import { parseMultipart } from './multipart.ts';
import { Problem } from './problem.ts';
import { testJpeg } from './testing/service.ts';
import { findToken, makeToken, readTokenFile } from './tokens.ts';

function tokenFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-tokens-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'tokens.txt');
  writeFileSync(path, text);
  return path;
}

describe('tokens', () => {
  it('are found by their hash, which is all that the file holds', () => {
    const [a, b] = [makeToken('line-1', 'predict'), makeToken('ops', 'admin')];
    const path = tokenFile(`# ours\n${a.line}\n\n${b.line}\n`);
    const entries = readTokenFile(path);
    expect(findToken(entries, b.token)).toMatchObject({ name: 'ops', scope: 'admin' });
    expect(findToken(entries, `${b.token}x`)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).not.toContain(a.token);
    expect(a.token).not.toBe(makeToken('line-1', 'predict').token);
  });

  it('are refused in a file that holds something else, by line', () => {
    const { line } = makeToken('a', 'predict');
    expect(() => readTokenFile(tokenFile(`${line}\nspt_secret\n`))).toThrow(/line 2/);
    expect(() => readTokenFile(tokenFile(`${line}\n${line}\n`))).toThrow(/twice/);
    expect(() => makeToken('a b', 'predict')).toThrow(/got "a b"/);
  });
});

describe('forms', () => {
  const type = 'multipart/form-data; boundary=B';
  const parse = (text: string, most = 9) => parseMultipart(Buffer.from(text, 'latin1'), type, most);
  const part = (data: string, head = 'name="a"; filename="a.jpg"') =>
    `--B\r\nContent-Disposition: form-data; ${head}\r\nContent-Type: image/jpeg\r\n\r\n${data}\r\n`;

  it('give their parts, whatever bytes they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (files) => {
        const texts = files.map((bytes) => Buffer.from(bytes).toString('latin1'));
        fc.pre(!texts.some((text) => text.includes('--B')));
        const parts = parse(`preamble\r\n${texts.map((text) => part(text)).join('')}--B--\r\nepilogue`);
        expect(parts.map(({ data }) => Buffer.from(data).toString('latin1'))).toEqual(texts);
      }),
    );
  });

  it('tell files from fields', () => {
    const parts = parse(`${part('x', 'name="f"')}${part('y', 'name="g"; filename="a \\"b\\".jpg"')}--B--`);
    expect(parts.map(({ name, fileName }) => [name, fileName])).toEqual([
      ['f', null],
      ['g', 'a \\"b\\".jpg'],
    ]);
  });

  it.each([
    ['has no boundary', 'hello'],
    ['ends too early', part('x')],
    ['has a part without headers', '--B\r\nhello\r\n--B--'],
    ['has a part without a name', part('x', 'filename="a"') + '--B--'],
    ['goes on after a boundary', '--Bx\r\n\r\n--B--'],
  ])('are refused when the body %s', (_, text) => {
    expect(() => parse(text)).toThrow(Problem);
  });

  it('never fail otherwise', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('--B', '\r\n', '--', 'name="a"', part('x'), 'z')), (pieces) => {
        try {
          parse(pieces.join(''), 2);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
    );
  });
});

describe('image headers', () => {
  it('tell size and scans of a JPEG', () => {
    const jpeg = testJpeg();
    expect(jpegShape(jpeg)).toMatchObject({ components: 3, scans: 1, supported: true });
    const at = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]));
    jpeg[at + 1] = 0xc9; // arithmetic coding
    expect(jpegShape(jpeg)).toMatchObject({ supported: false });
  });

  it('never fail, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
        const bytes = Uint8Array.from([0xff, 0xd8, ...tail]);
        expect([null, 'object']).toContain(jpegShape(bytes) === null ? null : 'object');
        expect(isPng(bytes)).toBe(false);
      }),
    );
    expect(pngShape(Buffer.from('89504e470d0a1a0a0000', 'hex'))).toBeNull();
  });
});

describe('admission', () => {
  it('counts requests and bytes, and gives places back once', () => {
    const admission = new Admission({ requests: 2, requestsPerToken: 2, bufferedBytes: 100 });
    const leave = admission.enter(null, 60);
    expect(() => admission.enter(null, 60)).toThrow(/bodies under way/);
    leave();
    leave();
    expect(admission.requests).toBe(0);
    admission.enter('a', 200); // alone, even the largest body may come
    expect(() => admission.enter('a', 1)).toThrow(/bodies/);
  });

  it('lets one token take only its share', () => {
    const admission = new Admission({ requests: 9, requestsPerToken: 1, bufferedBytes: 100 });
    const leave = admission.enter('a', 1);
    expect(() => admission.enter('a', 1)).toThrow(expect.objectContaining({ kind: 'too-many-requests' }));
    admission.enter('b', 1);
    leave();
    admission.enter('a', 1);
  });
});

describe('the queue of images', () => {
  const waiting = (since: number, abandoned = false) => ({
    image: Uint8Array.of(since),
    since,
    resolve: () => undefined,
    reject: () => undefined,
    abandoned: () => abandoned,
  });

  it('is due when full or after its wait, and drops what nobody waits for', () => {
    const queue = new BatchQueue<number>(3, 10);
    expect(queue.dueIn(0)).toBe(Infinity);
    queue.add(waiting(1));
    expect(queue.dueIn(4)).toBe(7);
    expect(queue.dueIn(50)).toBe(0);
    queue.add(waiting(2, true));
    queue.add(waiting(3));
    expect(queue.dueIn(4)).toBe(0);
    queue.add(waiting(4));
    queue.add(waiting(5));
    expect(queue.take().map(({ since }) => since)).toEqual([1, 3, 4]);
    expect(queue.take().map(({ since }) => since)).toEqual([5]);
    expect(queue.length).toBe(0);
  });
});
