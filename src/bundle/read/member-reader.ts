import type { CaptureKind } from '../../records/capture.ts';
import { SNIFFED } from '../layouts/content.ts';
import { factsOfName, type NameFacts } from '../layouts/member-name.ts';
import type { Found } from './finding.ts';
import { kindOfLine } from './first-line.ts';
import { bareCommand, type Header, headerIn } from './header.ts';
import { type OutputAbout, OutputReader } from './output-reader.ts';

interface Open {
  readonly reader: OutputReader;
  readonly about: OutputAbout;
  readonly node: string | undefined;
  readonly namespace: string | undefined;
}

/**
 * One member: a single output, or several under headers, which its first 4 KiB tell. A header's line belongs to no output;
 * an output's line numbers are those of the member.
 */
export class MemberReader {
  readonly #path: string;
  readonly #file: string;
  readonly #facts: NameFacts;
  readonly #mtime: number | undefined;
  readonly #found: Found[] = [];
  #head = '';
  #mode: 'waiting' | 'single' | 'many' | 'joined' = 'waiting';
  /** Of outputs without a word between them: what the lines of the open one showed. */
  #shown: CaptureKind | undefined;
  #open: Open | undefined;
  #line = 1;
  #afterBlank = false;
  /** What the headers so far say of the place; holds until another one says otherwise. */
  #node: string | undefined;
  #namespace: string | undefined;

  constructor(path: string, file: string, facts: NameFacts, mtime: number | undefined) {
    this.#path = path;
    this.#file = file;
    this.#facts = facts;
    this.#mtime = mtime;
    this.#node = facts.node;
    this.#namespace = facts.namespace;
  }

  push(slice: string): void {
    if (this.#mode === 'single') this.#open?.reader.push(slice);
    else if (this.#mode === 'many') this.#lines(slice);
    else if (this.#mode === 'joined') this.#joined(slice);
    else {
      this.#head += slice;
      if (this.#head.length >= SNIFFED) this.#begin();
    }
  }

  /** Whether the member is one output, whose reader takes lines as bytes. */
  get takesBytes(): boolean {
    return this.#mode === 'single' && this.#open?.reader.takesBytes === true;
  }

  pushBytes(lines: Buffer): void {
    this.#open?.reader.pushBytes(lines);
  }

  end(partial: boolean): readonly Found[] {
    if (this.#mode === 'waiting') this.#begin();
    this.#close(partial);
    return this.#found;
  }

  #begin(): void {
    const head = this.#head;
    this.#head = '';
    const first = bareCommand(firstLineOf(head));
    if (this.#facts.kind === 'many' || first || hasHeader(head.slice(0, SNIFFED), this.#facts)) {
      this.#mode = 'many';
      // What stands before the first header is the file's own: nothing, or an output whose prompt was cut off.
      this.#start({}, 1);
      this.#lines(head, first && { command: first });
      return;
    }
    if (this.#facts.kind === undefined && kindOfLine(firstLineOf(head)) !== undefined) {
      this.#mode = 'joined';
      this.#start({}, 1);
      this.#joined(head);
      return;
    }
    this.#mode = 'single';
    const { kind, common, command, family, device, node, namespace } = this.#facts;
    const about = { file: this.#file, firstLine: 1, kind: captureKind(kind), common, command, family, device };
    this.#open = { reader: new OutputReader(about), about, node, namespace };
    this.#open.reader.push(head);
  }

  #lines(text: string, firstHeader?: Header): void {
    let from = 0;
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline;
      const line = text.slice(at, end);
      const header = this.#line === 1 && firstHeader ? firstHeader : (headerIn(line) ?? this.#bare(line));
      this.#afterBlank = end === at;
      const next = newline < 0 ? text.length : newline + 1;
      this.#line += 1;
      if (header) {
        if (at > from) this.#open?.reader.push(text.slice(from, at));
        if (header.fence && this.#open?.about.firstLine === this.#line - 1) this.#open = below(this.#open);
        else {
          this.#close(false);
          this.#start(header, this.#line);
        }
        from = next;
      }
      at = next;
    }
    if (from < text.length) this.#open?.reader.push(text.slice(from));
  }

  /** Outputs that somebody put under one another with `cat`: another tool's first line begins another output. */
  #joined(text: string): void {
    let from = 0;
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline;
      const shown = kindOfLine(text.slice(at, Math.min(end, at + 300)));
      if (shown && this.#shown && shown !== this.#shown) {
        if (at > from) this.#open?.reader.push(text.slice(from, at));
        from = at;
        this.#close(false);
        this.#start({}, this.#line);
      }
      this.#shown = shown ?? this.#shown;
      this.#line += 1;
      at = newline < 0 ? text.length : newline + 1;
    }
    if (from < text.length) this.#open?.reader.push(text.slice(from));
  }

  /** felix writes a command alone, its output, and an empty line. */
  #bare(line: string): Header | undefined {
    const command = this.#afterBlank ? bareCommand(line) : undefined;
    return command && { command };
  }

  #start(header: Header, firstLine: number): void {
    const { command, section } = header;
    const base = this.#path.slice(this.#path.lastIndexOf('/') + 1);
    const title = header.title ?? (section === undefined ? undefined : `${base.replace(/\.\w{1,4}$/, '')} ${section}`);
    if (header.node !== undefined) this.#node = header.node;
    if (header.namespace !== undefined) this.#namespace = header.namespace;
    const facts = title === undefined ? undefined : factsOfName(title);
    const named = command?.named;
    const titled = facts;
    const own = firstLine === 1 ? captureKind(this.#facts.kind) : undefined;
    const about: OutputAbout = {
      file: this.#file,
      firstLine,
      kind: named?.kind ?? captureKind(titled?.kind) ?? own,
      common: named?.common ?? titled?.common ?? true,
      command: command?.command ?? titled?.command,
      family: named?.family ?? titled?.family,
      device: command?.device ?? titled?.device,
    };
    this.#open = {
      reader: new OutputReader(about),
      about,
      node: command?.node ?? this.#node,
      namespace: command?.namespace ?? titled?.namespace ?? this.#namespace,
    };
  }

  #close(partial: boolean): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const read = open.reader.end(partial);
    // A gap between two headers is nothing that anyone would miss.
    if (this.#mode !== 'single' && read.capture === undefined) return;
    this.#found.push({
      path: this.#path,
      ...read,
      command: open.about.command,
      node: open.node,
      namespace: open.namespace,
      pod: this.#facts.pod,
      label: this.#facts.label,
      byContent: open.about.kind === undefined || (open.about.common && open.about.kind !== read.kind),
      mtime: this.#mtime,
    });
  }
}

/** The same output, one line further down. */
const below = (open: Open): Open => {
  const about = { ...open.about, firstLine: open.about.firstLine + 1 };
  return { ...open, about, reader: new OutputReader(about) };
};

const captureKind = (kind: NameFacts['kind']): CaptureKind | undefined =>
  kind === 'many' || kind === 'skip' || kind === 'clock' ? undefined : kind;

const firstLineOf = (text: string): string => {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
};

/** A file whose name says one output may still carry a prompt; comments of iptables-save and the like are none. */
const hasHeader = (head: string, facts: NameFacts): boolean => {
  for (const line of head.split('\n')) {
    const header = headerIn(line);
    if (header?.command?.named || header?.collected || (header?.title !== undefined && facts.kind === undefined))
      return true;
  }
  return false;
};
