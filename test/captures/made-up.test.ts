import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CaptureModule, grammarReader, LineSink } from '../../src/captures/module.ts';
import type { Judgement } from '../../src/judging/judge.ts';
import { CAUSES } from '../../src/judging/registry.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { sampleAnalysis } from '../report/sample-analysis.ts';

const REGISTRY = '../../src/captures/registry.ts';
const gizmo = 'gizmo' as CaptureKind;

class GizmoSink extends LineSink {
  record(): void {
    this.records += 1;
  }
}

/** Stands for a grammar: `gizmo NAME at PORT shibboleth KEY` is a record, the title is known. */
const parse = (text: string, { startRule, sink }: { startRule: string; sink: GizmoSink }): void => {
  for (const line of text.trimEnd().split('\n')) {
    if (/^gizmo \S+ at \d+ shibboleth \S+$/.test(line)) sink.record();
    else if (line.startsWith('Gizmo table v')) sink.ignore();
    else if (startRule === 'Chunk') sink.raw(line);
    sink.next();
  }
};

/** A format that nobody has, in its one module. */
const madeUp: CaptureModule = {
  programs: 'gizmoctl',
  options: 'frobnicated',
  precedence: 5,
  mask: () => ({ mask: (line) => line.replace(/(shibboleth )\S+/, '$1[masked]') }),
  formats: [
    {
      kind: gizmo,
      words: [{ words: 'gizmoctl list|show' }, { words: 'gizmos', common: true }],
      object: { of: 'ip', names: 'gizmo|gizmos' },
      paths: [/(?:^|\/)proc\/net\/gizmo$/],
      firstLine: /^Gizmo table v\d/,
      scope: 'namespace',
      collect: 'gizmoctl list --all',
    },
  ],
  sniff: (head) => (/^Gizmo table v\d/m.test(head) ? gizmo : undefined),
  open: (input) => grammarReader(input, new GizmoSink(input), parse, () => ({})),
};

const ROWS = 'gizmo left at 7 shibboleth ephraim\ngizmo right at 8 shibboleth gilead\n';
const TITLED = `Gizmo table v1\n${ROWS}`;
const RULES = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n';

type Program = typeof import('../bundle/archive.ts') &
  typeof import('../../src/bundle/quote-lines.ts') &
  typeof import('../../src/bundle/listing.ts') &
  typeof import('../../src/network/build.ts') &
  typeof import('../../src/judging/collect/collect.ts');
let program: Program;

beforeAll(async () => {
  vi.resetModules();
  vi.doMock(REGISTRY, async (original) => {
    const { CAPTURE_MODULES } = await original<typeof import('../../src/captures/registry.ts')>();
    return { CAPTURE_MODULES: [...CAPTURE_MODULES, madeUp] };
  });
  program = {
    ...(await import('../bundle/archive.ts')),
    ...(await import('../../src/bundle/quote-lines.ts')),
    ...(await import('../../src/bundle/listing.ts')),
    ...(await import('../../src/network/build.ts')),
    ...(await import('../../src/judging/collect/collect.ts')),
  };
});
afterAll(() => {
  vi.doUnmock(REGISTRY);
  vi.resetModules();
});

const listed = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  program.captureList(await program.readTree({ ...files, 'n2/ip_rule.txt': RULES, 'n1/ip_rule.txt': RULES }));

test.each([
  ['a file name made from the command', 'n1/gizmoctl_list.txt', ROWS],
  ['a file name with an option of its own', 'n1/gizmoctl_list_frobnicated.txt', ROWS],
  ['an object of ip', 'n1/ip_-d_gizmo.txt', ROWS],
  ['a file of /proc', 'n1/proc/net/gizmo', ROWS],
  ['a word that other files have too, and the content', 'n1/gizmos.txt', TITLED],
  ['the content alone', 'n1/notes-of-tuesday', TITLED],
])('found by %s', async (_, file, text) => {
  expect(await listed({ [file]: text })).toContainEqual(expect.stringMatching(/^n1 gizmo /));
});

test('found below a prompt, and by its first line where nothing stands between two outputs', async () => {
  const pasted = await program.readBytes(Buffer.from(`root@n1:~# ip rule\n${RULES}root@n1:~# gizmoctl show\n${ROWS}`));
  expect(program.captureList(pasted)).toContainEqual(expect.stringContaining('gizmo'));
  const joined = await program.readBytes(Buffer.from(`${RULES}${TITLED}`));
  expect(program.captureList(joined)).toContainEqual(expect.stringContaining('gizmo'));
});

test('it stands in the listing, and its lines are quoted as its mask says', async () => {
  const bundle = await program.readTree({ 'n1/gizmoctl_list.txt': `${TITLED}not a gizmo\n`, 'n2/ip_rule.txt': RULES });
  expect(program.listBundle(bundle)).toContain('n1\t\tgizmo\t2\t1\tn1/gizmoctl_list.txt');
  const quotes = await program.quoteLines(bundle, new Map([['n1/gizmoctl_list.txt', new Set([1, 2, 3, 4])]]));
  expect([...(quotes.get('n1/gizmoctl_list.txt')?.values() ?? [])]).toEqual([
    'Gizmo table v1',
    'gizmo left at 7 shibboleth [masked]',
    'gizmo right at 8 shibboleth [masked]',
    'not a gizmo',
  ]);
});

test('where it is missing, its command is what to collect', async () => {
  const network = program.buildNetwork(await program.readTree({ 'n1/ip_rule.txt': RULES, 'n2/ip_rule.txt': RULES }));
  const [flow] = sampleAnalysis.flows;
  if (!flow) throw new Error('the sample has no flow');
  const [cause] = CAUSES;
  const undecided = [{ id: cause?.id ?? '', missing: [{ kind: gizmo, namespace: 'n1' }], values: {}, flow: flow.id }];
  const judged = { flow, found: [], observations: [], ruledOut: [], undecided } as unknown as Judgement;
  expect(program.collectFor(network, [judged])).toContainEqual(
    expect.objectContaining({ capture: gizmo, command: 'gizmoctl list --all' }),
  );
});
