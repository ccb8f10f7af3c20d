// `spatter extract` as typed: several videos, the reference program's flags, the JSON line, one line per mistake.
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CropFileReader } from '../../store/crop-file.ts';
import { openVideo } from '../../video/decoder.ts';
import { CLIP } from '../../video/testing/clip.ts';
import { program } from '../main.ts';

let out: string;
beforeEach(() => void (out = mkdtempSync(join(tmpdir(), 'spatter-extract-cli-'))));
afterEach(() => {
  rmSync(out, { recursive: true });
  process.exitCode = 0;
});

const extract = (...argv: string[]) => spatter('extract', ...argv);

/** Runs a command; returns what it printed on either stream. */
async function spatter(...argv: string[]): Promise<{ stdout: string; stderr: string }> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    }),
  );
  try {
    await program().parseAsync(['node', 'spatter', ...argv]);
    return printed;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1)!) as Record<string, unknown>;

describe('spatter extract', () => {
  it('prints a ledger, and the same as JSON', async () => {
    const { stdout } = await extract(
      CLIP,
      '--out',
      out,
      '--min-area',
      '60',
      '--max-area',
      '3000',
      '--mode',
      'legacy',
    );
    expect(stdout).toContain(
      '90 frames, 243 contours = 229 kept + 8 too small + 0 too large + 0 empty + 6 blue; 1 layers',
    );
    const json = await extract(
      CLIP,
      '--out',
      out,
      '--minarea',
      '60',
      '--max-area',
      '3000',
      '--mode',
      'legacy',
      '--overwrite',
      '--json',
    );
    expect(lastLine(json.stdout)).toMatchObject({
      extracted: 1,
      failed: 0,
      videos: [
        { kept: 229, contours: 243, datasets: 1, layers: 1, damage: null, rejected: { small: 8, blue: 6 } },
      ],
    });
  });

  it("takes the reference program's flags", async () => {
    const { stdout } = await extract(
      ...[CLIP, '--out', out, '--startframe', '60', '--leftbound', '33', '--rightbound', '121'],
      ...['--minarea', '60', '--no-capture', '--json'],
    );
    expect(lastLine(stdout)).toMatchObject({ videos: [{ start_frame: 60, frames_read: 30 }] });
    expect(readdirSync(out).filter((name) => /h5|crops/.test(name))).toEqual([]);
  });

  it('reads the other videos when one is bad, and still fails', async () => {
    const { stdout, stderr } = await extract(join(out, 'gone.mp4'), CLIP, '--out', out, '--json');
    expect(process.exitCode).toBe(1);
    expect(stderr).toMatch(/^spatter: [^\n]*gone\.mp4[^\n]*\[FILE_NOT_FOUND\]\n$/);
    expect(lastLine(stdout)).toMatchObject({
      extracted: 1,
      failed: 1,
      videos: [{ error: {} }, { pairs: 89 }],
    });
  });

  it('draws frames and layers, also of an extraction that was there, and never over another file', async () => {
    const page = join(out, 'clip_graph.html');
    const drawn = () => readFileSync(page, 'utf8');
    const rules = [CLIP, '--out', out, '--min-area', '60', '--max-area', '3000', '--layer-gap', '5'];
    await extract(...rules, '--no-capture');
    const { stdout } = await extract(...rules, '--no-capture', '--graph', '--json');
    expect(lastLine(stdout)).toMatchObject({ videos: [{ reused: true, files: { graph: page } }] });
    const first = drawn();
    expect(first.match(/<svg /g)).toHaveLength(2);
    expect(first).toContain('243 found = ');
    expect(first).toContain('a new layer after 5 frames');
    writeFileSync(page, 'mine');
    await expect(extract(...rules, '--no-capture', '--graph')).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    expect(drawn()).toBe('mine');
    await extract(...rules, '--no-capture', '--graph', '--overwrite');
    expect(drawn()).toBe(first);
    await extract(...rules.slice(0, -2), '--overwrite');
    expect(drawn()).toContain('a new layer after 700 frames');
    expect(drawn()).toContain('kept apart in quarantine');
  });

  it('draws a preview: the same bytes each time, kept where it is there', async () => {
    const argv = (folder: string) => [CLIP, '--out', join(out, folder), '--min-area', '60', '--preview'];
    const preview = (folder: string) => join(out, folder, 'clip_preview.mp4');
    await extract(...argv('a'));
    await extract(...argv('b').slice(0, -1));
    const { stdout } = await extract(...argv('b'), '--json');
    expect(lastLine(stdout)).toMatchObject({ videos: [{ reused: true, files: { preview: preview('b') } }] });
    const bytes = readFileSync(preview('a'));
    expect(readFileSync(preview('b')).equals(bytes)).toBe(true);
    writeFileSync(preview('b'), 'mine');
    await extract(...argv('b'));
    expect(readFileSync(preview('b'), 'utf8')).toBe('mine');
    const [drawn, plain] = [await openVideo(preview('a')), await openVideo(CLIP)];
    const size = 160 * 120 * 3;
    const [seen, was] = [new Uint8Array(size), new Uint8Array(size)];
    let [frames, changed] = [0, 0];
    for (; await drawn.read(seen); frames++) {
      await plain.read(was);
      // Below the line of text only a box is this green.
      for (let i = 3 * 160 * 20; i < size; i += 3) changed += Number(seen[i + 1]! - was[i + 1]! > 100);
    }
    expect(frames).toBe(90);
    expect(changed).toBeGreaterThan(2000);
    await Promise.all([drawn.close(), plain.close()]);
    await expect(extract(...argv('c'), '--no-capture')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('spreads a manifest over workers, and keeps what was done', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) copyFileSync(CLIP, join(out, `${name}.mp4`));
    const rows = names.map((name, i) => `${name}.mp4,${i < 2 ? 'low' : 'high'},left,week ${i}`);
    writeFileSync(join(out, 'runs.csv'), ['video,gas_flow,position,build', ...rows].join('\n'));
    const [one, two] = [join(out, 'one'), join(out, 'two')];
    const rules = ['--min-area', '60', 'extraction.max_area=3000'];
    const { stdout } = await extract(join(out, 'runs.csv'), '--out', one, '--workers', '2', ...rules);
    expect(stdout).toMatch(/video +state +frames/);
    await extract(join(out, 'runs.csv'), '--out', two, '--workers', '1', ...rules);
    for (const name of readdirSync(two, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(h5|csv|json)$/.test(name)) continue;
      expect(readFileSync(join(one, name)).equals(readFileSync(join(two, name))), name).toBe(true);
    }
    const again = await extract(join(out, 'runs.csv'), '--out', one, ...rules, '--json');
    expect(lastLine(again.stdout)).toMatchObject({ extracted: 3, videos: [{ reused: true }, {}, {}] });
  });

  it.skipIf(process.platform === 'win32')('reads layer times from a pipe, once for all videos', async () => {
    const [one, two, pipe] = ['one.mp4', 'two.mp4', 'times'].map((name) => join(out, name));
    for (const copy of [one!, two!]) copyFileSync(CLIP, copy);
    execFileSync('mkfifo', [pipe!]);
    const writer = spawn('sh', ['-c', 'printf "layer,start_s\\n3,0\\n4,1\\n" > "$0"', pipe!]);
    const rules = ['--min-area', '60', '--max-area', '3000', '--workers', '2', '--no-capture'];
    const { stdout } = await extract(one!, two!, '--layer-times', pipe!, ...rules, '--out', out, '--json');
    writer.kill();
    expect(lastLine(stdout)).toMatchObject({ extracted: 2, failed: 0 });
    const table = readFileSync(join(out, 'two_layer_table.csv'), 'utf8');
    expect(table).toMatch(/^3,.*\n4,/m);
  });

  it('carries what a manifest tells into the files, the index and the recordings', async () => {
    for (const name of ['a', 'b']) copyFileSync(CLIP, join(out, `${name}.mp4`));
    const manifest = (build: string) =>
      writeFileSync(
        join(out, 'runs.yaml'),
        `- {video: a.mp4, gas_flow: 2.5, position: left, build: ${build}, machine: Düse 1}
- {video: b.mp4, gas_flow: 10, position: mid, build: B2, machine: M2}`,
      );
    const data = join(out, 'data');
    const run = (...more: string[]) =>
      extract(join(out, 'runs.yaml'), '--out', data, '--min-area', '60', '--workers', '1', ...more);
    manifest('B1');
    await run('--graph');
    const facts = { gas_flow: '2.5', position: 'left', build: 'B1', machine: 'Düse 1' };
    const text = (name: string) => readFileSync(join(data, name), 'utf8');
    expect(JSON.parse(text('a_extraction.json'))).toMatchObject({ facts });
    expect(text('a_graph.html')).toContain('gas flow 2.5, position left, build B1, machine Düse 1.');
    const file = await CropFileReader.open(join(data, 'a.h5'));
    expect(file.attributes()).toMatchObject(facts);
    file.close();
    const files = ['a', 'b'].map((name) => join(data, `${name}.h5`));
    const argv = ['data', 'index', ...files, '--no-cache', '--json'];
    expect(lastLine((await spatter(...argv)).stdout)).toMatchObject({ labels_from: 'facts' });
    expect(text('recordings.csv')).toBe(
      'recording,file,label,position,session,video,build,machine,gas_flow\n' +
        'a,a.h5,0,left,B1,a,B1,Düse 1,2.5\nb,b.h5,1,mid,B2,b,B2,M2,10\n',
    );
    manifest('B9');
    const { stderr } = await run();
    expect(stderr).toMatch(/a_extraction\.json already exists.*another build \(B1, now B9\).*OUTPUT_EXISTS/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    await run('--overwrite');
    expect(JSON.parse(text('a_extraction.json'))).toMatchObject({ facts: { build: 'B9' } });
  });

  it('refuses manifests that make no sense', async () => {
    const path = join(out, 'runs.yaml');
    for (const text of [
      '- video: a.mp4\n  gasflow: low',
      'videos: 3',
      '[]',
      '- {video: a.mp4, label: high}',
      '- {video: a.mp4}\n- {video: a.mp4}',
    ]) {
      writeFileSync(path, text);
      await expect(extract(path, '--out', out), text).rejects.toMatchObject({ code: 'MANIFEST' });
    }
    const table = join(out, 'runs.csv');
    writeFileSync(table, 'video;gas_flow\na.mp4;low\n');
    await expect(extract(table, '--out', out)).rejects.toThrow(
      /must have a column video.* it has 'video;gas_flow'/,
    );
    writeFileSync(table, 'video\na.mp4\nb.mp4\na.mp4\n');
    await expect(extract(table, '--out', out)).rejects.toThrow(/a\.mp4 twice, in entries 1 and 3/);
    await expect(extract(join(out, 'none'), '--out', out)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(extract(join(out, '*.mkv'), '--out', out)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('tells videos of one name apart by their folders', async () => {
    for (const day of ['mon', 'tue']) {
      mkdirSync(join(out, day));
      copyFileSync(CLIP, join(out, day, 'cam.mp4'));
    }
    const data = join(out, 'data');
    const rules = ['--min-area', '60', '--out', data];
    const { stdout } = await extract(join(out, 'mon'), join(out, 'tue'), ...rules, '--json');
    expect(lastLine(stdout)).toMatchObject({ extracted: 2, failed: 0 });
    const file = await CropFileReader.open(join(data, 'tue_cam.h5'));
    expect(file.datasets().map(({ name }) => name)).toEqual(['tue_cam_0']);
    file.close();
    expect(existsSync(join(data, 'quarantine', 'mon_cam.h5'))).toBe(true);
    const verified = await spatter('data', 'verify', data, '--json');
    expect(lastLine(verified.stdout)).toMatchObject({ verified: 2, wrong: 0 });
  });

  it('reads what it can when a pattern matches nothing or a manifest is wrong', async () => {
    writeFileSync(join(out, 'bad.yaml'), 'videos: 3');
    const inputs = [join(out, '*.mkv'), join(out, 'bad.yaml'), CLIP];
    const { stdout, stderr } = await extract(...inputs, '--out', out, '--json');
    expect(stderr).toMatch(/^spatter: [^\n]*FILE_NOT_FOUND\]\nspatter: [^\n]*MANIFEST\]\n$/);
    expect(process.exitCode).toBe(1);
    expect(lastLine(stdout)).toMatchObject({ extracted: 1, failed: 2, videos: [{}, {}, { pairs: 89 }] });
  });

  it("names the bounds it looked within, and the manifest's videos from here", async () => {
    await expect(extract(CLIP, '-l', '700', '--out', out)).rejects.toThrow(
      /the 160 pixels .* got 700 and 160$/,
    );
    const swapped = extract(CLIP, '--min-area', '500', '--max-area', '100', '--out', out);
    await expect(swapped).rejects.toThrow(/smallest area .* got 500 and 100$/);
    await expect(extract(CLIP, '--workers', '0', '--out', out)).rejects.toThrow();
    const table = join(out, 'runs.csv');
    writeFileSync(table, `video\n${CLIP}\ngone.mp4\n`);
    const { stdout } = await extract(table, '--no-capture', '--min-area', '60', '--out', out);
    expect(stdout).toMatch(new RegExp(`^${relative('.', CLIP)} +extracted`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${relative('.', join(out, 'gone.mp4'))} +failed`, 'm'));
  });

  it('warns when there is no spatter', async () => {
    const { stdout } = await extract(CLIP, '--out', out, '--min-area', '14000');
    expect(stdout).toContain('warning: no spatter was found');
  });

  it('fails for an output that is there, and bounds that leave nothing', async () => {
    await extract(CLIP, '--out', out);
    await expect(extract(CLIP, '--out', out, '--threshold', '9')).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    const bounds = ['--left-bound', '90', '--right-bound', '50', '--overwrite'];
    await expect(extract(CLIP, '--out', out, ...bounds)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(extract(CLIP, '--min-area', 'big')).rejects.toThrow(/number, 0 or more/);
  });
});
