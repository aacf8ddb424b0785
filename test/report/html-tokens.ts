/** A small HTML tokenizer for tests: tags with their attribute names, in order. It knows raw text elements and comments, nothing more. */
export const tagsOf = (html: string): string[] => {
  const tags: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    if (html.startsWith('<!--', open)) {
      tags.push('<!-- -->');
      const end = html.indexOf('-->', open);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const match = /^<(\/?)([a-zA-Z][^\s/>]*)((?:\s+[^\s=>/"']+(?:="[^"]*")?|\s*)*)\s*\/?>/.exec(
      html.slice(open, open + 20_000),
    );
    if (!match) {
      if (html.startsWith('<!DOCTYPE', open)) tags.push('<!DOCTYPE>');
      else tags.push(`stray ${html.slice(open, open + 20)}`);
      at = open + 1;
      continue;
    }
    const attributes = [...(match[3] ?? '').matchAll(/([^\s=>/"']+)(?:="([^"]*)")?/g)].map(([, name, value]) =>
      name === 'class' ? `class=${value}` : (name ?? ''),
    );
    tags.push(`<${match[1]}${match[2]}${attributes.length > 0 ? ` ${attributes.join(' ')}` : ''}>`);
    at = open + match[0].length;
    const name = (match[2] ?? '').toLowerCase();
    if (match[1] === '' && (name === 'style' || name === 'script')) {
      const close = html.indexOf(`</${name}`, at);
      at = close < 0 ? html.length : close;
    }
  }
  return tags;
};
