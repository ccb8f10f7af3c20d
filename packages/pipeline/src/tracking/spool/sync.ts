// Replays a spool into a store. Idempotent: what was sent is noted, and what was sent but not noted does no harm twice.
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { SpatterError } from '../../util/errors.ts';
import type { TrackingStore } from '../store.ts';
import { spooledRuns, type Entry, type Journal } from './journal.ts';

export interface Synced {
  /** Runs of which something was sent. */
  runs: number;
  /** Things sent: a batch, a file, a state. */
  entries: number;
  /** What the store will never accept, in words; it is passed over. */
  readonly refused: string[];
  /** Runs that another process is sending at this moment. */
  busy: number;
}

/**
 * Sends everything that waits in `spool`; runs that ended leave it.
 * @throws {SpatterError} TRACKING_UNREACHABLE; call again later.
 */
export async function syncSpool(spool: string, store: TrackingStore): Promise<Synced> {
  const total: Synced = { runs: 0, entries: 0, refused: [], busy: 0 };
  for (const journal of parentsFirst(spooledRuns(spool))) await syncRun(journal, store, total);
  removeIfEmpty(spool);
  return total;
}

/**
 * Sends what waits of one run and adds to `total`.
 * @param compact forgets what was sent; only for the process that writes the journal.
 */
export async function syncRun(
  journal: Journal,
  store: TrackingStore,
  total: Synced,
  compact = false,
): Promise<void> {
  const unlock = lock(journal);
  if (unlock === null) {
    total.busy++;
    return;
  }
  try {
    const entries = journal.entries();
    const { done } = journal;
    for (let i = done; i < entries.length; i++) {
      await replay(journal, entries[i]!, store, total);
      journal.done = i + 1;
    }
    total.entries += entries.length - done;
    total.runs += Number(entries.length > done);
    if (journal.entries().length > entries.length) return;
    if (entries.length === 0 || isOver(entries.at(-1))) journal.remove();
    else if (compact) journal.compact();
  } finally {
    unlock();
  }
}

/** Removes the folder of a spool in which nothing waits. */
export function removeIfEmpty(spool: string): void {
  if (existsSync(spool) && readdirSync(spool).length === 0) rmdirSync(spool);
}

const isOver = (entry: Entry | undefined): boolean => entry?.op === 'updateRun' && entry.status !== 'RUNNING';

async function replay(journal: Journal, entry: Entry, store: TrackingStore, total: Synced): Promise<void> {
  try {
    await journal.replay(entry, store);
  } catch (error) {
    const lasting = error instanceof SpatterError && error.code !== 'TRACKING_UNREACHABLE';
    if (!lasting) throw error;
    total.refused.push(error.message);
  }
}

/** A run stands on the server before its parts ask for it. */
function parentsFirst(journals: readonly Journal[]): Journal[] {
  const parents = new Map(journals.map((journal) => [journal.run, parentOf(journal)]));
  const depth = (run: string | undefined): number =>
    run === undefined || !parents.has(run) ? 0 : 1 + depth(parents.get(run));
  return [...journals].sort((a, b) => depth(a.run) - depth(b.run) || (a.run < b.run ? -1 : 1));
}

function parentOf(journal: Journal): string | undefined {
  const [first] = journal.entries();
  return first?.op === 'createRun' ? first.run.parent : undefined;
}

/** Takes the run for this process; null while another process that lives has it. */
function lock(journal: Journal): (() => void) | null {
  const path = join(journal.folder, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch {
      if (isAlive(path)) return null;
      rmSync(path, { force: true });
    }
  }
  return null;
}

function isAlive(path: string): boolean {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}
