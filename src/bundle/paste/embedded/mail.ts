import type { Line } from '../line.ts';
import { type EmbeddedText, linesAt } from './embedded-text.ts';

export const isMail = (head: string): boolean =>
  /^(?:From |Return-Path: |Received: |Delivered-To: |MIME-Version: |Message-I[dD]: |From: |Date: |Subject: |X-[\w-]{1,40}: )/.test(
    head,
  ) && /^(?:MIME-Version|Content-Type|Content-Transfer-Encoding): /im.test(head);

interface Part {
  readonly encoding: string;
  readonly type: string;
  readonly name: string | undefined;
  readonly lines: readonly Line[];
}

/** The texts of a message (RFC 5322, RFC 2045): its body, and what is attached under its file's name. Of a body in two forms the plain one. */
export const textsOfMail = (text: string): readonly EmbeddedText[] => {
  const parts = partsOf(text.split('\n').map((line, i) => ({ text: line.replace(/\r$/, ''), number: i + 1 })));
  const hasPlain = parts.some(({ type }) => type === 'text/plain');
  return parts.flatMap((part): readonly EmbeddedText[] => {
    if (!part.type.startsWith('text/') && !(part.name !== undefined && /octet-stream/.test(part.type))) return [];
    if (part.type === 'text/html' && hasPlain && part.name === undefined) return [];
    const lines = decoded(part);
    return [part.name === undefined ? { lines } : { lines, node: undefined, title: part.name }];
  });
};

const partsOf = (lines: readonly Line[]): readonly Part[] => {
  const parts: Part[] = [];
  const boundaries = new Set<string>();
  let headers = '';
  let inHeaders = true;
  let body: Line[] = [];
  const close = (): void => {
    const type = /^content-type:\s*([\w./+-]+)/im.exec(headers)?.[1]?.toLowerCase() ?? 'text/plain';
    const encoding = /^content-transfer-encoding:\s*([\w-]+)/im.exec(headers)?.[1]?.toLowerCase() ?? '7bit';
    const name = /\b(?:file)?name="?([^";\n]{1,200})"?/i.exec(headers)?.[1];
    if (!type.startsWith('multipart/') && body.some((line) => line.text.trim() !== ''))
      parts.push({ type, encoding, name, lines: body });
    body = [];
    headers = '';
  };
  for (const line of lines) {
    const { text } = line;
    if (
      text.startsWith('--') &&
      boundaries.has(
        text
          .slice(2)
          .replace(/--\s*$/, '')
          .trimEnd(),
      )
    ) {
      close();
      inHeaders = !text.trimEnd().endsWith('--');
    } else if (!inHeaders) body.push(line);
    else if (text !== '') headers += `${/^[ \t]/.test(text) ? ' ' : '\n'}${text.trim()}`;
    else {
      inHeaders = false;
      const boundary = /\bboundary="?([^";\n]{1,100})"?/i.exec(headers)?.[1];
      if (boundary !== undefined) boundaries.add(boundary.trimEnd());
    }
  }
  close();
  return parts;
};

const decoded = ({ encoding, lines }: Part): readonly Line[] => {
  if (encoding === 'base64') {
    const [first] = lines;
    return linesAt(
      Buffer.from(lines.map(({ text }) => text).join(''), 'base64')
        .toString('utf8')
        .replace(/\r/g, ''),
      first?.number ?? 1,
    );
  }
  if (encoding !== 'quoted-printable') return lines;
  const whole: Line[] = [];
  let open: Line | undefined;
  for (const line of lines) {
    const soft = line.text.endsWith('=');
    const text = soft ? line.text.slice(0, -1) : line.text;
    open = open ? { ...open, text: open.text + text } : { ...line, text };
    if (soft) continue;
    whole.push({ ...open, text: unescaped(open.text) });
    open = undefined;
  }
  return open ? [...whole, { ...open, text: unescaped(open.text) }] : whole;
};

const unescaped = (text: string): string =>
  /=[0-9A-F]{2}/.test(text)
    ? Buffer.from(
        text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ).toString('utf8')
    : text;
