import { oneLine, type Prose, type Span } from '../prose.ts';
import { cut } from '../visible.ts';

/** What the page's templates print of prose: already cut, one flag per style. */
export interface SpanView {
  readonly text: string;
  readonly code: boolean;
  readonly strong: boolean;
}
export interface BlockView {
  /** Set for a list, else undefined. */
  readonly items: readonly (readonly SpanView[])[] | undefined;
  readonly spans: readonly SpanView[];
}

const SPAN_MOST = 600;

const spanView = (span: Span): SpanView => ({
  text: cut(span.text, SPAN_MOST),
  code: span.style === 'code',
  strong: span.style === 'strong',
});

/** Everything on one line: for titles and cells. */
export const inlineView = (prose: Prose): SpanView[] => oneLine(prose).map(spanView);

/** Paragraphs and lists; items that follow one another share a list. */
export const blockViews = (prose: Prose): BlockView[] => {
  const blocks: { items: SpanView[][] | undefined; spans: SpanView[] }[] = [];
  for (const block of prose) {
    const spans = block.spans.map(spanView);
    const last = blocks.at(-1);
    if (block.kind === 'item' && last?.items) last.items.push(spans);
    else blocks.push(block.kind === 'item' ? { items: [spans], spans: [] } : { items: undefined, spans });
  }
  return blocks;
};
