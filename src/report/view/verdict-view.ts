import type { EvidenceLine, Finding, FlowAnalysis } from '../../causes/facts/finding.ts';
import type { Analysis } from '../../judging/analysis.ts';
import { wayOf } from '../../path/walk-result.ts';
import { legsOf, type NamedLeg } from '../legs.ts';
import { endEvidence, noCause } from '../no-cause.ts';
import { tunnelName } from '../packet-text.ts';
import { type Prose, plainText } from '../prose.ts';
import { sourcePlace } from '../source-place.ts';
import { cut, visibleLine } from '../visible.ts';
import { byWeight, entryText, findingContext, findingPlace, flowText, placeName, placePhrase } from '../wording.ts';
import type { Label, Words } from '../words.ts';
import { marked, type Piece } from './excerpts.ts';
import { type BlockView, blockViews, inlineView, type SpanView } from './prose-view.ts';

export interface StripHop {
  readonly name: string;
  readonly look: 'passed' | 'dead' | 'arrived';
  readonly note: string;
  /** What leads to the next hop: the tunnel's name, or a space for a plain arrow; '' after the last. */
  readonly link: string;
  readonly linkLook: 'plain' | 'tunnel' | 'lost';
}
export interface Strip {
  readonly look: string;
  readonly name: string;
  readonly outcome: string;
  readonly hops: readonly StripHop[];
}
export interface VerdictView {
  readonly tone: 'bad' | 'warn' | 'good';
  readonly badge: string;
  readonly kicker: string;
  readonly title: readonly SpanView[];
  readonly summary: readonly BlockView[];
  readonly strips: readonly Strip[];
  readonly facts: readonly { readonly name: string; readonly wide: boolean; readonly spans: readonly SpanView[] }[];
  /** The first fix on the first screen, with all of its commands or none; undefined where it has none. */
  readonly fixLine:
    | {
        readonly label: string;
        readonly mark: string;
        readonly look: string;
        readonly commands: readonly { readonly node: string; readonly command: string }[];
        readonly more: string;
      }
    | undefined;
  readonly why: readonly BlockView[];
  readonly decisiveLabel: string;
  readonly decisive: readonly { readonly id: string; readonly place: string; readonly pieces: readonly Piece[] }[];
}

const QUOTES = 5;
const QUOTE_MOST = 220;

/** One leg as a row of places: what the first screen shows of the path. */
const strip = (words: Words, { name: legName, leg }: NamedLeg): Strip => {
  const hops: { name: string; look: StripHop['look']; note: string; link: string; linkLook: StripHop['linkLook'] }[] =
    [];
  let tunnel: string | undefined;
  for (const step of leg.steps) {
    const name = placeName(step.node, step.namespace);
    const last = hops.at(-1);
    if (last?.name !== name) {
      if (last) {
        last.link = tunnel ?? ' ';
        last.linkLook = tunnel ? 'tunnel' : 'plain';
      }
      hops.push({ name, look: 'passed', note: '', link: '', linkLook: 'plain' });
    }
    tunnel = tunnelName(step.after);
  }
  const { end } = leg;
  const last = hops.at(-1);
  if (last && end.between) {
    last.link = ' ';
    last.linkLook = 'lost';
    hops.push({ name: placeName(end.between[1], ''), look: 'passed', note: '', link: '', linkLook: 'plain' });
  } else if (last && end.reason === 'outside') {
    last.link = tunnel ?? ' ';
    last.linkLook = tunnel ? 'tunnel' : 'plain';
    hops.push({ name: words.text('outside'), look: 'passed', note: '', link: '', linkLook: 'plain' });
  } else if (last && end.outcome === 'delivered') last.look = end.reason === 'socket-assumed' ? 'passed' : 'arrived';
  else if (last && end.outcome !== 'unknown') {
    last.look = 'dead';
    const place = leg.steps.at(-1)?.place;
    last.note = place ? plainText(placePhrase(words, place)) : '';
  }
  const outcome: Label =
    end.outcome === 'delivered'
      ? end.reason === 'socket-assumed'
        ? 'strip-assumed'
        : 'strip-arrives'
      : end.reason === 'outside'
        ? 'strip-outside'
        : end.reason === 'not-followed'
          ? 'strip-not-followed'
          : end.outcome === 'unknown'
            ? 'strip-open'
            : `outcome-${end.outcome}`;
  return { look: wayOf(leg), name: words.text(`leg-${legName}`), outcome: words.text(outcome), hops };
};

export const stripsOf = (words: Words, flow: FlowAnalysis | undefined, finding?: Finding): Strip[] => {
  const strips = legsOf(flow?.walked.branches[0]).map((leg) => strip(words, leg));
  const isWalkedThrough = flow?.walked.branches[0]?.outcome === 'delivered' && flow.outcome !== 'delivered';
  return finding && isWalkedThrough ? strips.map((each) => asSeen(words, each, finding)) : strips;
};

/** The row where the walk delivers and the flow was seen to fail: it breaks off where the finding says. */
const asSeen = (words: Words, row: Strip, finding: Finding): Strip => {
  const { between } = finding;
  const at = between
    ? row.hops.findIndex((hop, i) => isOn(hop.name, between[0]) && isOn(row.hops[i + 1]?.name ?? '', between[1]))
    : row.hops.length - 1;
  const broken = row.hops[at];
  if (!broken || (!between && (finding.at !== 'socket' || broken.name !== findingPlace(finding)))) return row;
  const hops = row.hops.map((hop, i): StripHop => {
    if (!between) return i === at ? { ...hop, look: 'dead', note: plainText(placePhrase(words, finding.at)) } : hop;
    return i === at ? { ...hop, link: ' ', linkLook: 'lost' } : { ...hop, look: 'passed' };
  });
  return { ...row, outcome: words.text('outcome-lost'), hops: between ? cutAfter(hops, at + 1) : hops };
};

const cutAfter = (hops: readonly StripHop[], last: number): readonly StripHop[] =>
  hops.slice(0, last + 1).map((hop, i) => (i === last ? { ...hop, link: '' } : hop));

const isOn = (place: string, node: string): boolean => place === node || place.startsWith(`${node}/`);

/** Commands that the first screen has room for: all of a fix, in order, or none of them and the way to where they stand. */
const FIRST_SCREEN = 4;

const fixLine = (words: Words, finding: Finding): VerdictView['fixLine'] => {
  const [fix] = finding.fixes;
  if (!fix || fix.commands.length === 0) return undefined;
  const commands = fix.commands.map(({ node, command }) => ({
    node: visibleLine(node),
    command: visibleLine(command),
  }));
  const fits = commands.length <= FIRST_SCREEN;
  return {
    label: words.text(fix.provenByWalk ? 'fix-line' : 'advice'),
    mark: fix.provenByWalk ? '✓' : '',
    look: fix.provenByWalk ? 'good' : 'open',
    commands: fits ? commands : [],
    more: fits ? '' : words.text('fix-commands-below', { count: commands.length }),
  };
};

export const confidenceTone = (finding: Finding): 'bad' | 'warn' =>
  finding.confidence === 'possible' ? 'warn' : 'bad';

export const wherePhrase = (words: Words, finding: Finding): Prose =>
  finding.node === null && finding.between
    ? words.label('between-value', { sender: finding.between[0], receiver: finding.between[1] })
    : words.label('where-value', {
        place: { said: findingPlace(finding) },
        phrase: { said: plainText(placePhrase(words, finding.at)) },
      });

const plain = (text: string): SpanView[] => [{ text, code: false, strong: false }];

const facts = (words: Words, flow: FlowAnalysis | undefined, finding: Finding | undefined): VerdictView['facts'] => [
  ...(finding ? [{ name: words.text('where'), wide: true, spans: plain(plainText(wherePhrase(words, finding))) }] : []),
  ...(flow
    ? [
        {
          name: words.text('flow'),
          wide: true,
          spans: [{ text: cut(flowText(flow.question), QUOTE_MOST), code: true, strong: false }],
        },
        ...beginning(words, flow),
        { name: words.text('client-sees'), wide: false, spans: plain(words.text(`seen-${flow.evidence.seen}`)) },
      ]
    : []),
];

const beginning = (words: Words, { question }: FlowAnalysis): VerdictView['facts'] => {
  const entry = entryText(words, question);
  return entry ? [{ name: entry.label, wide: true, spans: plain(entry.text) }] : [];
};

/** The decisive lines in short, each with a link to its excerpt. */
const decisiveLines = (
  analysis: Analysis,
  words: Words,
  evidence: readonly EvidenceLine[],
  anchor: (file: string) => string | undefined,
): VerdictView['decisive'] =>
  byWeight(evidence)
    .filter((line) => line.role === 'decisive')
    .flatMap((line) => {
      const id = anchor(line.source.file);
      const text = analysis.quotes.get(line.source.file)?.get(line.source.line);
      return id === undefined || text === undefined
        ? []
        : [
            {
              id,
              place: sourcePlace(words, line.source),
              pieces: marked(cut(visibleLine(text).trim(), QUOTE_MOST), (line.words ?? []).map(visibleLine)),
            },
          ];
    })
    .slice(0, QUOTES);

/** `anchor` tells the fragment of the excerpt that shows a file. */
export const verdictView = (
  analysis: Analysis,
  words: Words,
  anchor: (file: string) => string | undefined,
): VerdictView => {
  const finding = analysis.rootCauses[0];
  const flow = analysis.flows.find((each) => each.id === finding?.flow) ?? (finding ? undefined : analysis.flows[0]);
  if (!finding) {
    const { code, badge, title, summary } = noCause(analysis, words);
    return {
      tone: code === 'healthy' ? 'good' : 'warn',
      badge: plainText(badge),
      kicker: '',
      title: inlineView(title),
      summary: blockViews(summary),
      strips: stripsOf(words, flow),
      facts: facts(words, flow, undefined),
      fixLine: undefined,
      why: [],
      decisiveLabel: words.text('shown-of-it'),
      decisive: decisiveLines(analysis, words, endEvidence(analysis), anchor),
    };
  }
  const context = findingContext(finding, flow);
  return {
    tone: confidenceTone(finding),
    badge: words.text(`confidence-${finding.confidence}`),
    kicker: `${words.text(finding.confidence === 'possible' ? 'possible-cause' : 'root-cause')} · ${visibleLine(finding.id)}`,
    title: inlineView(words.cause(finding.id, 'title', context)),
    summary: blockViews(words.cause(finding.id, 'summary', context)),
    strips: stripsOf(words, flow, finding),
    facts: facts(words, flow, finding),
    fixLine: fixLine(words, finding),
    why: blockViews(words.cause(finding.id, 'why', context)),
    decisiveLabel: words.text('decided-by'),
    decisive: decisiveLines(analysis, words, finding.evidence, anchor),
  };
};
