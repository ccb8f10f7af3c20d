// Layers, enforced: imports run downward only. See ARCHITECTURE.md.
const P = '^packages/pipeline/src/';
const layers = [
  ['util'],
  ['config', 'video', 'store', 'metrics', 'report', 'tracking'],
  ['extract', 'simulate', 'data', 'models', 'export', 'registry'],
  ['train', 'infer', 'sweep'],
  ['serve'],
  ['cli'],
];

const upward = layers.slice(0, -1).map((folders, i) => ({
  name: `layer-${i}-imports-downward`,
  comment: `${folders.join(', ')} may import only what lies below.`,
  severity: 'error',
  from: { path: `${P}(${folders.join('|')})/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: `${P}(${layers
      .slice(i + 1)
      .flat()
      .join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...upward,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'unknown'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '/index\\.ts$|\\.(test|worker)\\.ts$|/testing/|^packages/[^/]+/(bin|assembly)/',
      },
      to: {},
    },
    {
      name: 'hpo-stands-alone',
      severity: 'error',
      from: { path: '^packages/hpo/' },
      to: { path: '^packages/(?!hpo/)|^node_modules/spatter' },
    },
    {
      name: 'tensor-stands-alone',
      severity: 'error',
      from: { path: '^packages/tensor/' },
      to: { path: '^packages/(?!tensor/)|^node_modules/spatter' },
    },
    {
      name: 'no-private-imports-across-packages',
      severity: 'error',
      from: { path: '^packages/pipeline/' },
      to: { path: '^packages/(tensor|hpo)/src/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true, // test tools are declared once, in the root
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    tsConfig: { fileName: 'tsconfig.base.json' },
  },
};
