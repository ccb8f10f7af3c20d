// Counts checks and prints them one per line, for interop and torture scripts.

export class Checks {
  passed = 0;
  failed = 0;

  /** Records one check; prints its name and, when it failed, `detail`. */
  check(name: string, ok: boolean, detail = ''): void {
    if (ok) this.passed++;
    else this.failed++;
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok || detail === '' ? '' : `: ${detail}`}`);
  }
}
