// What a run is worth little without: who ran which code on what machine. As tags under MLflow's names where it has them.
import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, release, totalmem, userInfo } from 'node:os';

/** Tags that say where a run took place. `source` is the command, such as `spatter train`. */
export function runSurroundings(source: string): Record<string, string> {
  const [cpu] = cpus();
  return {
    'mlflow.user': user(),
    'mlflow.source.name': source,
    'mlflow.source.type': 'LOCAL',
    ...gitTags(),
    'system.os': `${platform()} ${release()} ${arch()}`,
    'system.cpu': `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`,
    'system.memory_gib': (totalmem() / 2 ** 30).toFixed(1),
    'system.node': process.versions.node,
  };
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the system's list, as in containers.
    return 'unknown';
  }
}

/** Commit and branch of the working directory; nothing outside a repository or without git. */
function gitTags(): Record<string, string> {
  const commit = git('rev-parse', 'HEAD');
  if (commit === undefined) return {};
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD');
  return {
    'mlflow.source.git.commit': commit,
    ...(branch === undefined || branch === 'HEAD' ? {} : { 'mlflow.source.git.branch': branch }),
    'mlflow.source.git.dirty': String(git('status', '--porcelain', '--untracked-files=no') !== ''),
  };
}

/** Without the locks that `git status` takes to refresh its index: stopped while it holds one, it would leave it in the user's repository. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', ['--no-optional-locks', ...args], {
      encoding: 'utf8',
      timeout: 2000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
