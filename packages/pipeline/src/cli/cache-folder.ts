// Where the user's caches lie.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `XDG_CACHE_HOME`, or `~/.cache` where that is not set or not absolute (XDG Base Directory Specification 0.8). */
export function cacheFolder(): string {
  const given = process.env['XDG_CACHE_HOME'];
  return given !== undefined && isAbsolute(given) ? given : join(homedir(), '.cache');
}
