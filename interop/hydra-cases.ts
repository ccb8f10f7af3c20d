// Command lines that hydra-core and we must compose alike: over the shipped conf/, and over a tree made to use every rule.

/** Files of the second tree, by path. */
export const TREE: Readonly<Record<string, string>> = {
  'config.yaml': `
defaults:
  - base
  - db: mysql
  - optional cache: none_such
  - server@backend: apache
  - server@frontend: nginx
  - mixin: [a, b]
  - pair: \${db}_\${server@backend}
  - header: deep
  - _self_
root: 1
nested: {b: {d: 4}}
`,
  'self_first.yaml': 'defaults: [_self_, {db: mysql}]\ndb: {port: 1, extra: true}\n',
  'no_self.yaml': 'defaults: [{db: mysql}]\ndb: {port: 1}\n',
  'mandatory.yaml': 'defaults: [{db: "???"}]\n',
  'twice.yaml': 'defaults: [{db: mysql}, {db: postgres}]\n',
  'two_selves.yaml': 'defaults: [_self_, {db: mysql}, _self_]\n',
  'absent.yaml': 'defaults: [{db: oracle}]\n',
  'map_defaults.yaml': 'defaults: {db: mysql}\n',
  'bad_yaml.yaml': 'a: [1, 2\n',
  'double_key.yaml': 'a: 1\na: 2\n',
  'nothing.yaml': '',
  'null_group.yaml': 'defaults: [{db: null}, _self_]\na: 1\n',
  'here.yaml': 'defaults: [{db@_here_: mysql}, {server@web.front: nginx}, _self_]\nport: 9\n',
  'list_over_map.yaml': 'defaults: [base, _self_]\nnested: [1]\n',
  'missing_value.yaml': 'a: ???\nb: 1\n',
  'missing_kept.yaml': 'defaults: [base, _self_]\nflag: ???\n',
  'base.yaml': `
list: [1, 2]
flag: on
off: No
letter: y
octal: 012
not_octal: 08
hex: 0x1F
under: 1_000
time: 1:30
exp: 1e-3
point: 1.5
dot: .5
big: 1.0e+3
plus: +7
text: yes man
quoted: "yes"
version: 1.2.3
date: 2020-01-02
empty:
tilde: ~
fold: >
  two
  lines
anchor: &A {k: 1}
use: *A
merged: {<<: *A, l: 2}
nested: {a: 1, b: {c: 2}}
`,
  'db/mysql.yaml':
    'defaults: [{schema: small}, _self_]\nname: mysql\nport: 3306\nurl: db://${.name}:${.port}/${oc.env:SPATTER_NOT_SET,main}\n',
  'db/postgres.yaml': 'defaults: [mysql, _self_]\nname: postgres\nport: 5432\n',
  'db/schema/small.yaml': 'tables: 2\n',
  'db/schema/big.yaml': 'tables: 200\n',
  'server/apache.yaml': 'defaults: [{/tls: strict}, _self_]\nname: apache\nport: 80\n',
  'server/nginx.yaml': 'name: nginx\nport: 8080\n',
  'tls/strict.yaml': 'level: 3\n',
  'tls/loose.yaml': 'level: 1\n',
  'mixin/a.yaml': 'first: a\nshared: a\n',
  'mixin/b.yaml': 'second: b\nshared: b\n',
  'mixin/c.yaml': 'third: c\nshared: c\n',
  'pair/mysql_apache.yaml': 'pair: my-ap\n',
  'pair/postgres_nginx.yaml': 'pair: pg-ng\n',
  'header/deep.yaml': '# @package deep.er\nvalue: 1\n',
  'header/late.yaml': '# a comment first\n# @package deep.er\nvalue: 1\n',
  'header/second.yaml': '\n# @author me\n# @package deep.er\nvalue: 1\n',
  'header/global.yaml': '# @package _global_\nheader_value: 2\n',
  'experiment/swap.yaml':
    '# @package _global_\ndefaults: [{override /db: postgres}, {override /server@backend: nginx}]\nroot: 5\nnested: {new: 1}\n',
  'experiment/inherits.yaml': '# @package _global_\ndefaults: [swap, _self_]\nroot: 6\n',
  'experiment/no_package.yaml': 'defaults: [{override /db: postgres}]\nroot: 5\n',
  'experiment/early.yaml': '# @package _global_\ndefaults: [{override /db: postgres}, {/tls: loose}]\n',
  'experiment/unknown.yaml': '# @package _global_\ndefaults: [{override /nope: x}]\n',
  'experiment/deep_schema.yaml': '# @package _global_\ndefaults: [{override /db/schema: big}]\n',
};

/** What the interpolations below are laid over. */
const GROUND = `
a: 1
half: 0.5
flag: true
none: null
key: d
word: two
c: {d: two, g: {h: 1, i: [x, y]}}
list: [x, "\${a}", "\${.0}"]
`;

/** Contents of files over that ground, one case each. */
const INTERPOLATIONS: readonly string[] = [
  'x: ${a}',
  'x: "v${a}-${c.d}"',
  'x: ${half}',
  'x: "${half}!"',
  'x: ${flag}',
  'x: "is ${flag}"',
  'x: ${none}',
  'x: "is ${none}"',
  'x: ${ a }',
  'c: {x: "${.d}"}',
  'c: {x: "${..a}"}',
  'c: {x: {y: "${..d}"}}',
  'c: {x: {y: "${...a}"}}',
  'c: {x: "${.g.h}"}',
  'x: ${.a}',
  'x: ${list[0]}',
  'x: ${list.1}',
  'x: ${list[1]}',
  'x: ${list.7}',
  'x: ${c[d]}',
  'x: ${c.g.i[1]}',
  'x: ${c.${key}}',
  'x: ${c["d"]}',
  'x: ${c.g}',
  'x: ${list}',
  'x: ${c.g}\ny: ${x.h}',
  'x: ${y}\ny: ${z}\nz: 3',
  "x: '\\${a}'",
  "x: '\\\\${a}'",
  "x: 'a\\b ${a}'",
  "x: '$a {a} $ {'",
  "x: '${a}${a}'",
  'x: ${oc.env:SPATTER_HYDRA_TEST}',
  'x: "<${oc.env:SPATTER_HYDRA_TEST}>"',
  'x: ${oc.env:SPATTER_NOT_SET,fallback}',
  'x: ${oc.env:SPATTER_NOT_SET, fall back }',
  'x: ${oc.env:SPATTER_NOT_SET,3}',
  'x: ${oc.env:SPATTER_NOT_SET,true}',
  'x: ${oc.env:SPATTER_NOT_SET,null}',
  'x: ${oc.env:SPATTER_NOT_SET,""}',
  'x: ${oc.env:SPATTER_NOT_SET,}',
  'x: ${oc.env:SPATTER_NOT_SET,/a/b-c.d:e}',
  'x: ${oc.env:SPATTER_NOT_SET,${a}}',
  'x: ${oc.env:SPATTER_NOT_SET,p-${a}-q}',
  'x: \'${oc.env:SPATTER_NOT_SET,"a, b}"}\'',
  'x: ${oc.env:${oc.env:SPATTER_NOT_SET,SPATTER_HYDRA_NUMBER}}',
  'x: ${oc.decode:${oc.env:SPATTER_HYDRA_NUMBER}}',
  'x: ${oc.decode:null}',
  'x: ${oc.decode:"[1, a]"}',
  'x: ${oc.decode:"{a: 1}"}',
  'x: ${oc.select:nope,5}',
  'x: ${oc.select:nope}',
  'x: ${oc.select:c.d,5}',
  'x: ${oc.dict.keys:c}',
  'x: ${oc.dict.values:c.g}',
  'x: ${oc.dict.keys:a}',
  'x: ${now:%Y}',
  'x: ${now:%Y-%m-%d %j %B %b %A %a %y %p %%}',
  'x: ${nope}',
  'x: ${c.nope}',
  'x: ${a.b}',
  'x: ${x}',
  'x: ${y}\ny: ${x}',
  'x: {y: "${x}"}',
  'x: {y: "${x.z}", z: 4}',
  'x: ${oc.env:SPATTER_NOT_SET}',
  'x: ${oc.env:}',
  'x: ${my.resolver:1}',
  'x: ${....a}',
  'c: {x: "${....a}"}',
  'x: "${a"',
  'x: "${}"',
  'x: "${a b}"',
  'x: ???\ny: ${x}',
  'x: ${m}\nm: ???',
];

/** One root config per interpolation case. */
export const INTERPOLATION_FILES: Readonly<Record<string, string>> = Object.fromEntries([
  ['ground.yaml', GROUND],
  ...INTERPOLATIONS.map((text, i) => [`case_${i}.yaml`, `defaults: [ground, _self_]\n${text}\n`] as const),
]);

/** Files of the extra folder (`--config-dir`, `hydra.searchpath`) that goes with the second tree. */
export const EXTRA: Readonly<Record<string, string>> = {
  'db/sqlite.yaml': 'name: sqlite\nport: 0\n',
  'db/mysql.yaml': 'name: never-seen\n',
  'experiment/extra.yaml': '# @package _global_\ndefaults: [{override /db: sqlite}]\nroot: 9\n',
  'pair/sqlite_apache.yaml': 'pair: lite\n',
};

/** Command lines over the shipped conf/: both compose the same, or both refuse. */
export const SHIPPED: readonly string[][] = [
  [],
  ['+experiment=baseline'],
  ['+experiment=honest'],
  ['training.batch_size=1024', '+experiment=baseline', 'training.epochs=5', 'device=cpu'],
  ['model=lenet5_activation'],
  ['training=quick'],
  ['training=quick', 'training.epochs=1'],
  ['data=legacy'],
  ['data=by_recording', 'data.split.group=session'],
  ['data=rgb'],
  ['data=legacy', '+experiment=honest'],
  ['training.optimizer.lr=1e-4'],
  ['training.optimizer.betas=[0.8, 0.99]'],
  ['training.optimizer={name: sgd, momentum: 0.5}'],
  ['experiment.tags=[]'],
  ['experiment.tags=[a, "b c", \'d,e\', f/g-h.i]'],
  ['experiment.notes="quoted, with comma"'],
  ["experiment.notes='it\\'s'"],
  ['experiment.notes=a=b'],
  ['experiment.notes=\\(a\\)\\,b\\=c'],
  ['experiment.notes=a b  c '],
  ['experiment.notes=${device}-${seed}'],
  ['experiment.notes="${training.optimizer.name} ${oc.env:SPATTER_HYDRA_TEST}"'],
  ['experiment.name=${now:%Y-%m-%d}'],
  ['paths.run_dir=${paths.run_root}/${experiment.name}'],
  ['seed=7', 'data.split.seed=${seed}'],
  ['extraction.capture=False'],
  ['extraction.debug=TRUE'],
  ['threads=NULL'],
  ['threads=int("4")'],
  ['seed=1_000'],
  ['training.epochs=+3'],
  ['++training.epochs=4'],
  ['++experiment.notes=x'],
  ['+experiment.notes=x'],
  ['+model={architecture: {in_channels: 1}}'],
  ['+training.epochs=4'],
  ['training.batchsize=4'],
  ['nope=1'],
  ['~nope'],
  ['~data.cache_dir'],
  ['~training.epochs=21'],
  ['experiment=baseline'],
  ['+experiment=nope'],
  ['model=nope'],
  ['model=[lenet5'],
  ['model=null'],
  ['model=1'],
  ['++model=lenet5'],
  ['~extraction=nope'],
  ['modle/x=1'],
  ['model@other=lenet5'],
  ['seed'],
  ['=1'],
  ['a b=1'],
  ['seed =1'],
  ['seed=[1,2'],
  ['seed={a:1'],
  ['seed="open'],
  ['seed=1,2'],
  ['seed=choice(1,2)'],
  ['seed=range(1,4)'],
  ['seed=nope(1)'],
  ['seed=int(x)'],
  ['seed=)'],
  ['experiment.notes=${nope}'],
  ['experiment.notes=${oc.env:SPATTER_NOT_SET}'],
  ['experiment.tags={a: 1}'],
  ['seed.x=1'],
  ['training={epochs: 2, lr: 1}'],
  ['training.epochs=???'],
  ['experiment.tags.0=first'],
  ['experiment.tags.9=out'],
];

/** What our schema refuses although Hydra, which has none here, composes it. Different on purpose. */
export const STRICTER: readonly string[][] = [
  ['+nope=1'],
  ['++training.batchsize=4'],
  ['training.epochs=five'],
  ['training.epochs=0'],
  ['device=gpu'],
  ['~training.epochs'],
  ['~extraction'],
  ['+seed.x=1'],
  ['model.architecture=3'],
  ['training.loss=cross_entropy'],
  ['seed=${oc.env:SPATTER_HYDRA_NUMBER}'],
];

/** Overrides of the second tree's config.yaml. */
export const RICH: readonly string[][] = [
  [],
  ['db=postgres', 'server@backend=nginx'],
  ['db=postgres'],
  ['server@backend=nginx', 'pair=mysql_apache'],
  ['server@frontend=apache'],
  ['server=nginx'],
  ['db/schema=big'],
  ['db/schema=nope'],
  ['db/schema@db.other=big'],
  ['tls@backend.tls=loose'],
  ['tls=loose'],
  ['+tls=loose'],
  ['+tls@a.b=loose'],
  ['+tls@_global_=loose'],
  ['+tls@=loose'],
  ['+db@second=postgres'],
  ['+db=postgres'],
  ['mixin=[b,c]'],
  ['mixin=[c,a]'],
  ['mixin=a'],
  ['mixin=[]'],
  ['mixin=[a,nope]'],
  ['~mixin'],
  ['~db'],
  ['~db=mysql', 'pair=mysql_apache'],
  ['~db=postgres'],
  ['~server@frontend'],
  ['~server'],
  ['~header'],
  ['header=global'],
  ['header=late'],
  ['header=second'],
  ['cache=none_such'],
  ['cache=other'],
  ['+experiment=swap'],
  ['+experiment=swap', 'db=mysql', 'pair=mysql_apache'],
  ['+experiment=inherits'],
  ['+experiment=[swap]'],
  ['+experiment=no_package'],
  ['+experiment=early'],
  ['+experiment=unknown'],
  ['+experiment=deep_schema'],
  ['+experiment=swap', '+experiment=inherits'],
  ['list=[3]'],
  ['list=[]'],
  ['list.0=9'],
  ['list.5=9'],
  ['+list=[3]'],
  ['list=3'],
  ['nested=3'],
  ['nested={}'],
  ['nested={a: 5}'],
  ['nested={z: 5}'],
  ['+nested={z: 5}'],
  ['+nested.z=5'],
  ['++nested.a=5'],
  ['+nested.a=5'],
  ['+a.b.c.d=[1, {x: y}]'],
  ['+root.x=1'],
  ['root.x=1'],
  ['~nested.b.c'],
  ['~nested.b'],
  ['~nested.a=1'],
  ['~nested.a=2'],
  ['~empty'],
  ['+x={a: 1, 2: b, true: c, d e: f}'],
  ['+x={null: 1}'],
  ['+x={a: 1, a: 2}'],
  ['+x={"a": 1}'],
  ['+x=[a, 1, 1.5, true, null, "q", [1, [2]], {k: v}]'],
  ['+x=[ 1 , 2 ]'],
  ['+x=[1,]'],
  ['+x='],
  ["+x=''"],
  ['+x=" "'],
  ['+x=    y'],
  ['+x=a:b'],
  ['+x=http://host:80/p?q'],
  ['+x=a@b.c'],
  ['+x=-'],
  ['+x=1.2.3'],
  ['+x=0123'],
  ['+x=1a'],
  ['+x=a-1_b'],
  ['+x=.5'],
  ['+x=5.'],
  ['+x=-1e3'],
  ['+x=1__0'],
  ['+x=inf'],
  ['+x=-inf'],
  ['+x=info'],
  ['+x=yes'],
  ['+x=TrUe'],
  ['+x=truex'],
  ['+x=true x'],
  ['+x=null x'],
  ['+x=\\ a\\ '],
  ['+x=\\\\'],
  ['+x=a\\:b'],
  ['+x=a\\nb'],
  ['+x="a\\\\"'],
  ['+x="a\\"b"'],
  ['+x="a\\\\\\"b"'],
  ['+x="a\\nb"'],
  ['+x="a" b'],
  ['+x=a "b"'],
  ["+x='a\"b'"],
  ['+x=a"b'],
  ['+x=#'],
  ['+x=é'],
  ['+x="é#!"'],
  ['+x=a;b'],
  ['+x=str(5)'],
  ['+x=str([1,a,true])'],
  ['+x=int(3.9)'],
  ['+x=int("-7")'],
  ['+x=int(true)'],
  ['+x=int(null)'],
  ['+x=float(3)'],
  ['+x=float("1e3")'],
  ['+x=bool(0)'],
  ['+x=bool("False")'],
  ['+x=bool(yes)'],
  ['+x=int({a: 1.5})'],
  ['+x=int(value=2.5)'],
  ['+x=int(other=2.5)'],
  ['+x=int()'],
  ['+x=${root}'],
  ['+x=${.root}'],
  ['+x=[${root}, "${root}"]'],
  ['+x=a${root}b'],
  ['+x=${nested}'],
  ['+x=a-${nested.b.c}'],
  ['+x=${oc.env:SPATTER_NOT_SET,a b}'],
  ['+x=${oc.env:SPATTER_NOT_SET, }'],
  ['+x=${nested.${root}}'],
  ['+$x=1'],
  ['+a-b=1'],
  ['+1a=1'],
  ['+a.1=1'],
  ['+a..b=1'],
  ['+a/b=1'],
  ['+ a=1'],
  ['+++a=1'],
  ['-a=1'],
  ['~~a'],
  ['~root='],
  ['root@pkg=1'],
  ['root='],
];

/** Overrides of the second tree with the extra folder on the search path. */
export const WITH_EXTRA: readonly string[][] = [
  [],
  ['db=sqlite'],
  ['+experiment=extra'],
  ['+experiment=nope'],
];

/** Where our text of a number differs from Python's, and what each side gives. Different on purpose. */
export const SPELLING: readonly (readonly [string, unknown, unknown])[] = [
  ['+x=str(1.0)', '1', '1.0'],
  ['+x="${exp} ${big}"', '0.001 1000', '0.001 1000.0'],
];
