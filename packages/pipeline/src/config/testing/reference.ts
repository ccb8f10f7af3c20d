// The reference page of all config keys, written from the schema and the shipped defaults.
import { isMap, select, type Tree } from '../tree.ts';
import { schemaFields } from '../validate.ts';

const INTRODUCTION = `# Configuration

Every key, written from the schema by \`npx vitest run packages/pipeline/src/config/reference.test.ts -u\`.
\`spatter config\` prints the composed config; keys that are not listed here fail.

Commands that take a config take overrides in Hydra's grammar:

| override | meaning |
| --- | --- |
| \`training.epochs=5\` | change a value |
| \`model=lenet5_activation\` | choose another option of a group |
| \`+experiment=baseline\` | add a group that the defaults list lacks |
| \`+key=value\`, \`++key=value\`, \`~key\` | add, add or change, delete |
| \`training.optimizer={name: sgd, lr: 0.1}\` | change several values of a section |
| \`training.optimizer.lr=0.1,0.01\` | with \`--multirun\`: several runs; also \`choice(a,b)\`, \`range(1,9,2)\`, \`glob(*)\` |
| \`experiment.notes="a, b"\` | a text with special characters, in quotes |
| \`paths.run_root=\${oc.env:RUNS,runs}\` | an interpolation; also \`\${a.b}\`, \`\${.sibling}\`, \`\${now:%Y-%m-%d}\` |

\`--config-dir FOLDER\` adds a folder of your own groups and options, such as \`FOLDER/experiment/mine.yaml\`.
A file that starts with \`# @package _global_\` sets keys from the root. Files are read as Hydra reads them:
\`yes\`, \`no\`, \`on\` and \`off\` are booleans there, while on the command line they are texts.
`;

/** What the page is made of: the composed defaults, and the options of every group. */
export interface ReferenceSource {
  readonly defaults: Tree;
  readonly groups: readonly (readonly [group: string, options: readonly string[]])[];
}

/** The page as Markdown, not yet formatted. */
export function referencePage({ defaults, groups }: ReferenceSource): string {
  const sections = new Map<string, string[]>();
  for (const { path, expects, help } of schemaFields()) {
    const top = path.split('.')[0]!;
    const title = isMap(select(defaults, top)) ? top : 'root';
    const row = `| \`${path}\` | \`${JSON.stringify(select(defaults, path))}\` | ${expects} | ${help} |`;
    sections.set(title, [...(sections.get(title) ?? []), row]);
  }
  const tables = [...sections].map(
    ([title, rows]) =>
      `## ${title}\n\n| key | default | must be | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`,
  );
  const options = groups.map(
    ([group, names]) => `| \`${group}\` | ${names.map((name) => `\`${name}\``).join(', ')} |`,
  );
  const table = `## Groups\n\n| group | options |\n| --- | --- |\n${options.join('\n')}\n`;
  return [INTRODUCTION, table, ...tables].join('\n');
}
