// `spatter token`: makes a bearer token for `spatter serve`; the file keeps only its hash.
import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { makeToken, readTokenFile, type Scope } from '../../serve/tokens.ts';
import { writeFileAtomic } from '../../util/atomic.ts';
import { SpatterError } from '../../util/errors.ts';
import { action, type Context, type Result } from '../context.ts';

interface Options {
  readonly file: string;
  readonly admin?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter token line-3 --file tokens.txt
  $ spatter token deploy --admin --file tokens.txt

The token is shown once; the file keeps its SHA-256. Remove a line to withdraw a token, then restart the server.`;

export function tokenCommand(): Command {
  return new Command('token')
    .description('make a bearer token for spatter serve')
    .argument('<name>', 'whose token it is; appears in the logs')
    .requiredOption('--file <file>', 'file of token hashes, made where it lacks')
    .option('--admin', 'may also load models and see the jobs of all')
    .addHelpText('after', EXAMPLES)
    .action(action(addToken));
}

function addToken(context: Context, { file, admin }: Options, name: string): Result {
  const known = existsSync(file) ? readTokenFile(file) : [];
  if (known.some((entry) => entry.name === name)) {
    const message = `${file} already has a token named ${name}`;
    throw new SpatterError('OUTPUT_EXISTS', message, 'choose another name, or remove its line first');
  }
  const scope: Scope = admin === true ? 'admin' : 'predict';
  const { token, line } = makeToken(name, scope);
  const before = existsSync(file) ? readFileSync(file, 'utf8').replace(/\n*$/, '\n') : '';
  writeFileAtomic(file, `${before === '\n' ? '' : before}${line}\n`);
  context.print(token);
  return { name, scope, token, file };
}
