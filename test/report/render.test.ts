import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Analysis } from '../../src/judging/analysis.ts';
import type { VerdictCode } from '../../src/judging/verdict.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { terminalWidth } from '../../src/report/picture/text-width.ts';
import { renderHtml } from '../../src/report/render-html.ts';
import { renderJson, resultOf } from '../../src/report/render-json.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderTerminal } from '../../src/report/render-terminal.ts';
import { resultDocument, resultSchema } from '../../src/report/result-schema.ts';
import { quotable } from '../quotable.ts';
import { tagsOf } from './html-tokens.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const without = (code: VerdictCode, asked: boolean, more: Partial<Analysis> = {}): Analysis => ({
  ...sampleAnalysis,
  rootCauses: [],
  observations: [],
  ruledOut: [],
  undecided: [],
  verdict: {
    ...sampleAnalysis.verdict,
    code,
    by: code === 'healthy' ? 'walked' : undefined,
    examined: { ...sampleAnalysis.verdict.examined, asked, flows: asked ? [{ id: 'f1', code }] : [] },
  },
  ...more,
});
/** Nobody asked, and nothing looks broken: no flow is known to work. */
const calm = without('no-failure-seen', false, { flows: [] });
const CODES: readonly VerdictCode[] = ['undecided', 'no-failure-seen', 'not-enough'];
const page = renderHtml(sampleAnalysis, { lang: 'en' });

describe('JSON', () => {
  const document = JSON.parse(renderJson(sampleAnalysis));

  test('has the fields of the published shape and no other', () => {
    expect(resultDocument.parse(document)).toEqual(document);
    expect(Object.keys(document)).toEqual([
      'schemaVersion',
      'bundle',
      'verdict',
      'collect',
      'flows',
      'rootCauses',
      'observations',
      'ruledOut',
      'undecided',
      'notes',
      'unread',
    ]);
  });

  test('fits the published JSON Schema, and a document that lacks a field does not', () => {
    const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(resultSchema())));
    expect(schema.safeParse(document).error).toBeUndefined();
    expect(schema.safeParse({ ...document, rootCauses: undefined }).success).toBe(false);
    expect(schema.safeParse({ ...document, flows: [{ id: 'f1' }] }).success).toBe(false);
  });

  test('quotes the line of each evidence', () => {
    expect(document.rootCauses[0].evidence[0]).toEqual({
      file: 'cloud-gw/xfrm_stat.txt',
      line: 12,
      text: 'XfrmInNoPols            \t6',
      role: 'decisive',
    });
  });

  test('tells steps, kinds that are missing and the fix', () => {
    const { flows, undecided, rootCauses } = document;
    expect(flows[0]).toMatchObject({ proto: 'tcp', sport: null, dport: 80, outcome: 'dropped', startNode: 'cloud-gw' });
    expect(flows[0].reply.at(-1)).toMatchObject({
      node: 'cloud-gw',
      hook: 'xfrm-in',
      action: 'no-policy',
      verdict: 'drop',
    });
    expect(flows[0].forward[4].packetAfter.inner.src).toBe('10.233.64.0');
    expect(undecided[0].missing).toEqual(['nft-ruleset']);
    expect(rootCauses[0].fixes[0].provenByWalk).toBe(true);
  });

  test('names both nodes and no node for a packet lost between two', () => {
    const cause = sampleAnalysis.rootCauses[0];
    if (!cause) throw new Error('sample without a cause');
    const lost: Analysis = { ...sampleAnalysis, rootCauses: [{ ...cause, node: null, between: ['a', 'b'] }] };
    expect(resultOf(lost).rootCauses[0]).toMatchObject({ node: null, between: ['a', 'b'] });
  });

  test('of a calm bundle has no cause', () => {
    expect(resultDocument.parse(resultOf(calm)).rootCauses).toEqual([]);
  });
});

describe('HTML', () => {
  test('is the same every time', () => {
    expect(renderHtml(sampleAnalysis, { lang: 'en' })).toBe(page);
  });

  test('begins its head with a policy that allows this very style and nothing else', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toMatch(/<head>\s*<meta http-equiv="Content-Security-Policy"/);
    expect(page.replaceAll('&#x27;', "'").replaceAll('&#x3D;', '=')).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
  });

  test('has no script, no style attribute, no address to load from, and only fragment links', () => {
    expect(page).not.toMatch(/<script|\sstyle=|\ssrc=|url\(|@import|javascript:/i);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(links.filter((link) => link !== 'data:,' && !/^#[a-z0-9-]+$/.test(link ?? ''))).toEqual([]);
  });

  test('has unique ids, and every link has its target', () => {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  test('shows its parts in their order', () => {
    const order = [
      'id="verdict"',
      'id="fix"',
      'id="flow-1"',
      'id="flow-1-path-title"',
      'id="flow-1-packets"',
      'id="flow-1-names"',
      'id="evidence"',
      'id="consequences"',
      'id="ruled-out"',
      'id="undecided"',
      'id="inventory"',
    ].map((part) => page.indexOf(part));
    expect(order.every((at) => at > 0)).toBe(true);
    expect([...order].sort((a, b) => a - b)).toEqual(order);
  });

  test('says verdict, proof of the fix, place of death, what to collect', () => {
    const text = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('throws away the answers from');
    expect(text).toContain('Walked again with this change: request and answer are delivered.');
    expect(text).toContain('ip xfrm policy add src 10.255.31.243/32');
    expect(text).toContain('in the inbound IPsec policy check');
    expect(text).toContain('nft -a list ruleset');
    expect(text).toContain('The clock of edge-gw is about 0.13 ms ahead of cloud-gw');
    expect(page).toContain('<mark>XfrmInNoPols</mark>');
    expect(page).toContain('class="deathdot"');
  });

  test('of a calm bundle accuses nobody', () => {
    const text = renderHtml(calm, { lang: 'en' });
    expect(text).toContain('No flow was asked about, and none in the bundle shows a failure');
    expect(text).not.toContain('class="verdict good"');
    expect(text).not.toContain('id="fix"');
    expect(text).not.toContain('class="verdict bad"');
  });

  test('of a failing flow without a cause says so', () => {
    const text = renderHtml(without('undecided', true), { lang: 'en' }).replace(/<[^>]*>/g, '');
    expect(text).toContain(
      'The answer dies on cloud-gw, in the inbound IPsec policy check: no known cause explains it',
    );
  });

  test('tables have header cells, pictures a title and a description', () => {
    const tags = tagsOf(page);
    const count = (start: string) => tags.filter((tag) => tag.startsWith(start)).length;
    expect(count('<table')).toBeGreaterThan(4);
    expect(count('<thead')).toBe(count('<table'));
    expect(count('<desc')).toBe(count('<svg class=picture'));
  });

  test('stays under a megabyte for any bundle, and says what it leaves out', () => {
    const long = 'ab'.repeat(2000);
    const [flow] = sampleAnalysis.flows;
    const [cause] = sampleAnalysis.rootCauses;
    const [ruled] = sampleAnalysis.ruledOut;
    const [node] = sampleAnalysis.bundle.nodes;
    if (!flow || !cause || !ruled || !node) throw new Error('incomplete sample');
    const branch = flow.walked.branches[0];
    if (!branch) throw new Error('sample without a walk');
    const longSteps = Array.from({ length: 40 }, () => branch.forward.steps).flat();
    const longFlow = {
      ...flow,
      walked: { ...flow.walked, branches: [{ ...branch, forward: { ...branch.forward, steps: longSteps } }] },
    };
    const big: Analysis = {
      ...sampleAnalysis,
      bundle: {
        ...sampleAnalysis.bundle,
        nodes: Array.from({ length: 900 }, (_, i) => ({ ...node, name: `${i}-${long}` })),
      },
      flows: Array.from({ length: 60 }, (_, i) => ({ ...longFlow, id: `f${i + 1}` })),
      rootCauses: Array.from({ length: 60 }, () => ({ ...cause, values: { ...cause.values, virtual: long } })),
      ruledOut: Array.from({ length: 3000 }, (_, i) => ({ ...ruled, values: { server: `${i}-${long}` } })),
      unread: Array.from({ length: 5000 }, (_, i) => ({ source: { file: long, line: i }, text: quotable(long) })),
      unreadTotal: 5000,
    };
    const text = renderHtml(big, { lang: 'en' });
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(text).toContain('--format json');
    expect(text).toMatch(/of 3\u202f000 shown/);
  });
});

describe('Markdown', () => {
  const text = renderMarkdown(sampleAnalysis, { lang: 'en' });

  test('says verdict, quotes, commands, path', () => {
    expect(text).toMatch(/^## `cloud-gw` throws away/);
    expect(text).toContain('cloud-gw/xfrm_stat.txt:12: XfrmInNoPols');
    expect(text).toContain('```sh\n# cloud-gw\nip xfrm policy add');
    expect(text).toContain('══ESP══▶');
    expect(text).toContain('- `xfrm-in-sa-or-spi-missing`: The counter `XfrmInNoStates` is 0.');
  });

  test('closes every block', () => {
    expect((text.match(/^`{3,}/gm) ?? []).length % 2).toBe(0);
  });
});

describe('terminal', () => {
  test.each(LANGUAGES)('keeps to the width, but for commands that are to be copied (%s)', (lang) => {
    for (const width of [60, 80, 120]) {
      const lines = renderTerminal(sampleAnalysis, { lang, colour: false, width }).split('\n');
      for (const line of lines)
        if (!line.includes('ip xfrm policy add')) expect(terminalWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  test('says verdict, where, why with quotes, fix, path, and how much was ruled out', () => {
    const text = renderTerminal(sampleAnalysis, { lang: 'en', colour: false, width: 200 });
    expect(text).toContain('(certain)');
    expect(text).toContain('cloud-gw, in the inbound IPsec policy check');
    expect(text).toContain('cloud-gw/xfrm_stat.txt:12');
    expect(text).toContain('cloud-gw# ip xfrm policy add src 10.255.31.243/32');
    expect(text).toMatch(/← edge-gw\/nginx.*══ESP══▶ cloud-gw.*✗ no IPsec policy/);
    expect(text).toContain('3 causes ruled out, 2 undecided');
    expect(text.split('\n').length).toBeLessThan(30);
  });

  test('holds no escape without colour, and some with it', () => {
    expect(renderTerminal(sampleAnalysis, { lang: 'en', colour: false, width: 80 })).not.toContain('\u001b');
    expect(renderTerminal(sampleAnalysis, { lang: 'en', colour: true, width: 80 })).toContain('\u001b[1;31m✗');
  });

  test('is no greener about a bundle that nobody asked about than the bundle is', () => {
    const text = renderTerminal(calm, { lang: 'en', colour: false, width: 80 });
    expect(text).toMatch(/^ {2}\? No flow was asked about/);
    expect(text).not.toContain('✓');
  });

  test.each(LANGUAGES)('marks as good what is healthy and nothing else (%s)', (lang) => {
    for (const asked of [true, false])
      for (const code of CODES) {
        const none = without(code, asked, asked ? {} : { flows: [] });
        const lines = renderTerminal(none, { lang, colour: true, width: 80 }).split('\n');
        expect(lines[0]).toContain('? ');
        expect(lines.filter((line) => line.includes('✓'))).toEqual([]);
        const page = renderHtml(none, { lang });
        expect(page).not.toContain('class="verdict good"');
        expect(page).not.toContain('class="flow healthy"');
      }
    const healthy = without('healthy', true);
    expect(renderTerminal(healthy, { lang, colour: false, width: 80 })).toMatch(/^ {2}✓ /);
    expect(renderHtml(healthy, { lang })).toContain('class="verdict good"');
  });

  test('lists what to collect at once: commands whole and alone on their lines, and what each decides', () => {
    const text = renderTerminal(without('undecided', true), { lang: 'en', colour: false, width: 60 });
    for (const { command } of sampleAnalysis.collect)
      expect(text.split('\n').some((line) => line.trim().startsWith(`${command}  # `))).toBe(true);
    expect(text).toContain('the machine that has 10.9.9.9');
  });
});
