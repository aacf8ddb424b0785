import type { Analysis, InventoryNode } from '../../judging/analysis.ts';
import { sourcePlace } from '../source-place.ts';
import { cut, visibleLine } from '../visible.ts';
import type { Words } from '../words.ts';
import type { Detail } from './detail.ts';
import { inlineView } from './prose-view.ts';

const TEXT_MOST = 240;
const shown = (text: string): string => cut(visibleLine(text), TEXT_MOST);

const capturesOf = (node: InventoryNode) => node.namespaces.flatMap((namespace) => namespace.captures);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** What the bundle holds: nodes, captures, what could not be read, what is worth saying about the bundle itself. */
export const inventoryView = (analysis: Analysis, words: Words, detail: Detail) => {
  const { nodes } = analysis.bundle;
  const captures = nodes.flatMap(capturesOf);
  return {
    notes: analysis.notes
      .slice(0, detail.rows)
      .map((note) => inlineView(words.say('notes', note.code, { values: note.values }))),
    nodes: nodes.slice(0, detail.rows).map((node) => ({
      name: shown(node.name),
      kernel: shown(node.kernel ?? '–'),
      time: shown(node.time ?? '–'),
      namespaces: shown(
        node.namespaces
          .map((namespace) => namespace.name)
          .filter((name) => name !== '')
          .join(', ') || '–',
      ),
      captures: capturesOf(node).length,
      records: sum(capturesOf(node).map((capture) => capture.records)),
      unread: sum(capturesOf(node).map((capture) => capture.unread)),
    })),
    nodesTotal: nodes.length,
    nodesCut: nodes.length > detail.rows,
    capturesTotal: captures.length,
    capturesCut: captures.length > detail.captures,
    captures: captures.slice(0, detail.captures).map((capture) => ({
      file: shown(capture.file),
      kind: visibleLine(capture.kind),
      records: capture.records,
      unread: capture.unread,
      remark: shown(
        [capture.partial ? words.text('partial') : '', capture.toolMessage ?? '']
          .filter((part) => part !== '')
          .join('; '),
      ),
    })),
    unread: analysis.unread.slice(0, Math.min(50, detail.rows)).map(({ source, text }) => ({
      place: cut(sourcePlace(words, source), TEXT_MOST),
      text: shown(text),
    })),
    unreadTotal: analysis.unreadTotal,
    unreadCut: analysis.unreadTotal > Math.min(50, detail.rows, analysis.unread.length),
    ignored: analysis.ignoredMembers
      .slice(0, Math.min(50, detail.rows))
      .map(({ file, why }) => ({ file: shown(file), why: shown(why) })),
    ignoredTotal: analysis.ignoredMembers.length,
    ignoredCut: analysis.ignoredMembers.length > Math.min(50, detail.rows),
  };
};
