import { isBanner, isCut } from '../../captures/banners.ts';
import { changesRules, type TypedCommand } from '../../captures/iptables/typed-commands.ts';
import { isCluster } from '../../captures/known-formats.ts';
import { SecretLines } from '../../captures/masking/secret-lines.ts';
import { isProse } from '../../captures/prose.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { type CommandLine, readCommandLine } from '../layouts/command-line.ts';
import { factsOfName, type NameFacts } from '../layouts/member-name.ts';
import { type Caption, captionIn } from '../paste/caption.ts';
import { undressed } from '../paste/dress.ts';
import type { EmbeddedText } from '../paste/embedded/embedded-text.ts';
import { type Fence, fenceIn } from '../paste/fence.ts';
import { startOf } from '../paste/first-lines.ts';
import { type HostBlock, hostBlockIn } from '../paste/host-block.ts';
import type { Line } from '../paste/line.ts';
import { type Loop, loopIn } from '../paste/loop.ts';
import { type Prompt, promptIn } from '../paste/prompt.ts';
import { enteredBy, leaves } from '../paste/shells.ts';
import type { Found } from './finding.ts';
import { bareCommand, type Header, headerIn, otherCommand } from './header.ts';
import type { OutputAbout, OutputRead } from './output-reader.ts';
import { type Opened, type Place, Section } from './section.ts';
import { readTyped } from './typed-rules.ts';

/** Characters that are looked at together: a prefix is told by the lines around it. */
const WINDOW = 256 * 1024;
/** Lines that are looked at together, at most. */
const WINDOW_LINES = 4096;
/** Characters and lines after which a file of no known kind that has shown nothing is looked at no further: somebody's log. */
const IDLE = 256 * 1024;
const IDLE_LINES = 8192;
/** Lines below a caption in which what it stands above has to begin. */
const LEADS = 4;
/** Typed commands of one machine that are kept. */
const TYPED = 5000;
/** Sentences between a caption and its output. */
const PATIENCE = 3;

/** What is to be opened by the next line that is an output's. */
interface Pending {
  readonly about: Omit<OutputAbout, 'file' | 'firstLine'>;
  readonly opened: Opened;
  readonly node?: string | undefined;
  readonly namespace?: string | undefined;
  /** Any line opens it, not only one that shows what it is. */
  readonly anyLine: boolean;
  patience: number;
}

/** A member that a text reader reads. */
export interface TextMember {
  readonly path: string;
  readonly file: string;
  readonly facts: NameFacts;
  readonly mtime: number | undefined;
}

/**
 * A text with several outputs in it, or with something around one: a ticket, a terminal's log, the output of a tool for many machines. It is cut into sections
 * by what people and tools write between outputs; each line keeps its number in the file.
 */
export class TextReader {
  readonly #member: TextMember;
  readonly #own: CaptureKind | undefined;
  readonly #found: Found[] = [];
  readonly #unplaced: boolean[] = [];
  readonly #known = new Set<string>();
  readonly #secrets = new SecretLines();
  #carry = '';
  #waiting: Line[] = [];
  #size = 0;
  #number = 1;
  #open: Section | undefined;
  #hosted = new Map<string, Section>();
  #pending: Pending | undefined;
  #inFence = false;
  #place: {
    node: string | undefined;
    from: 'heading' | 'prompt' | 'block' | undefined;
    stale: boolean;
    namespace: string | undefined;
  };
  #entered: { readonly node?: string; readonly namespace?: string }[] = [];
  #loop: Loop | undefined;
  #indent = 0;
  /** Something between outputs or an output's own beginning was seen. */
  #marked = false;
  /** Of the window's lines, as far as anyone asked: whether something begins there. */
  #begins = new Map<number, boolean>();
  #idle = false;
  #looked = 0;
  /** Commands that change rules, by whose they are. */
  readonly #typed = new Map<string, { readonly place: Place; readonly commands: TypedCommand[] }>();

  constructor(member: TextMember) {
    this.#member = member;
    const { kind, node, namespace } = member.facts;
    this.#own = kind === 'many' || kind === 'skip' || kind === 'clock' ? undefined : kind;
    this.#place = { node, from: node === undefined ? undefined : 'heading', stale: false, namespace };
    if (this.#own !== undefined) this.#pending = this.#default();
  }

  push(slice: string): void {
    if (this.#idle) return;
    const text = this.#carry + slice;
    const end = text.lastIndexOf('\n') + 1;
    this.#carry = text.slice(end);
    if (end === 0) return;
    for (const line of text.slice(0, end - 1).split('\n')) this.#take(line);
    if (this.#size >= WINDOW || this.#waiting.length >= WINDOW_LINES) this.#window();
  }

  /** Takes a text out of another format; what is known of one output is known of its lines alone. */
  embed(text: EmbeddedText): void {
    if (!('node' in text)) {
      for (const line of text.lines) {
        this.#waiting.push(line);
        this.#size += line.text.length + 1;
      }
      this.#window();
      return;
    }
    this.#window();
    this.#closeAll(false);
    const place = this.#place;
    if (text.node !== undefined) this.#place = { node: text.node, from: 'block', stale: false, namespace: undefined };
    const command = text.command === undefined ? undefined : readCommandLine(text.command);
    const titled = text.title === undefined ? undefined : factsOfName(text.title);
    const about = titled ? { ...NOTHING, ...titled, kind: captureKind(titled.kind) } : this.#default().about;
    this.#pending = undefined;
    if (command || titled?.kind !== undefined)
      this.#start(command ? aboutOf(command) : aboutOnly(about), text.lines[0]?.number ?? 1, 'asked', command);
    this.#waiting = [...text.lines];
    this.#window();
    this.#closeAll(false);
    this.#place = place;
  }

  end(partial: boolean): readonly Found[] {
    if (this.#carry !== '') this.#take(this.#carry);
    this.#window();
    this.#closeAll(partial);
    for (const { place, commands } of this.#typed.values())
      for (const read of readTyped(this.#member.file, commands)) this.#keep(read, read.command, place, false);
    return this.#placed();
  }

  #take(text: string): void {
    this.#secrets.take(this.#number, text);
    this.#waiting.push({ text, number: this.#number });
    this.#number += 1;
    this.#size += text.length + 1;
  }

  #window(): void {
    const lines = undressed(this.#waiting);
    this.#looked += this.#size;
    this.#waiting = [];
    this.#size = 0;
    this.#begins = new Map();
    this.#learnHosts(lines);
    for (let at = 0; at < lines.length; at += 1) this.#line(lines, at);
    this.#open?.flush();
    for (const section of this.#hosted.values()) section.flush();
    this.#idle = !this.#marked && this.#own === undefined && (this.#looked >= IDLE || this.#number > IDLE_LINES);
  }

  /** Machines that prompts name: a heading with one of these names is a machine's. */
  #learnHosts(lines: readonly Line[]): void {
    for (const { text } of lines) {
      const host = text.length < 300 ? promptIn(text)?.host : undefined;
      if (host !== undefined) this.#known.add(host.toLowerCase());
    }
  }

  #line(lines: readonly Line[], at: number): void {
    const line = lines[at] as Line;
    if (line.host !== undefined) {
      this.#hostLine(line, line.host);
      return;
    }
    const text =
      this.#indent > 0 && /^ *$/.test(line.text.slice(0, this.#indent)) ? line.text.slice(this.#indent) : line.text;
    const own = text === line.text ? line : { ...line, text };
    if (text.trim() === '') {
      this.#open?.blank(own);
      return;
    }
    if (this.#mark(lines, at, own)) {
      this.#marked = true;
      return;
    }
    this.#content(own);
  }

  /** Reads a line as what stands between outputs; false where it is none of that. */
  #mark(lines: readonly Line[], at: number, line: Line): boolean {
    const { text } = line;
    if (isBanner(text)) {
      if (leaves(text)) this.#entered.pop();
      return true;
    }
    if (isCut(text)) {
      if (this.#open) this.#open.cut = true;
      return true;
    }
    const fence = fenceIn(text);
    if (fence) {
      this.#fence(fence, lines, at);
      return true;
    }
    const above = lines[at - 1]?.text;
    const below = lines[at + 1]?.text;
    const block = hostBlockIn(text, above, below);
    if (block) {
      this.#block(block, line);
      return true;
    }
    if (/^[-=]{4,}$/.test(text) && (isBlock(lines, at + 1) || isBlock(lines, at - 1))) return true;
    if (changesRules(text)) {
      this.#closeAll(false);
      this.#command(text, line.number);
      return true;
    }
    const prompt = promptIn(text);
    if (prompt && this.#prompt(prompt, line)) return true;
    if (this.#loopName(line)) return true;
    const header = headerIn(text);
    if (header && this.#header(header, line)) return true;
    const bare = this.#bare(text);
    if (bare) {
      this.#start(aboutOf(bare), line.number + 1, 'asked', bare, this.#more(text));
      return true;
    }
    if ((!this.#open || this.#open.afterBlank) && otherCommand(text)) {
      this.#start(NOTHING, line.number + 1, 'asked');
      return true;
    }
    const caption = this.#mayCaption(text)
      ? captionIn(text, { leads: this.#leads(lines, at), known: this.#known })
      : undefined;
    if (!caption) return this.#heading(text);
    this.#caption(caption);
    return true;
  }

  /** A heading that says nothing of what stands below still ends what stood above. */
  #heading(text: string): boolean {
    if (!/^(?:#{2,6} +\S|\*\*[^*]{1,200}\*\*:?$|h[1-6]\. \S)/.test(text)) return false;
    this.#closeAll(false);
    this.#pending = this.#own === undefined ? undefined : this.#default();
    if (this.#place.from === 'prompt') this.#place.stale = true;
    return true;
  }

  /** Within an output only what nobody could take for a line of it is a caption. */
  #mayCaption(text: string): boolean {
    if (text.length > 300 || /^# (?:Generated|Completed|Warning|Table)\b/.test(text)) return false;
    const open = this.#open;
    if (open === undefined) return true;
    if (open.isEmpty) return open.opened !== 'asked' || /^[*#=_<-]/.test(text);
    if (/^(?:\*\*|##|={2,}|-{3,}|<h|\u3010|h\d\.)/.test(text)) return true;
    if (/^[\s\t]/.test(text)) return false;
    return open.afterBlank || /^(?:[Oo]n|[Aa]t|[Ff]rom|[Oo]utput of|\u5728) |[:\uff1a]$/.test(text);
  }

  #leads(lines: readonly Line[], at: number): boolean {
    for (let next = at + 1, seen = 0; next < lines.length && seen < LEADS; next += 1) {
      if (lines[next]?.text.trim() === '') continue;
      seen += 1;
      const known = this.#begins.get(next) ?? beginsSomething(lines, next);
      this.#begins.set(next, known);
      if (known) return true;
    }
    return false;
  }

  #bare(text: string): CommandLine | undefined {
    const open = this.#open;
    if (open && !open.isEmpty && !open.afterBlank) return undefined;
    if (open?.opened === 'asked' && open.isEmpty) return undefined;
    const command = bareCommand(text);
    return command && !isProse(text) ? command : undefined;
  }

  #fence(fence: Fence, lines: readonly Line[], at: number): void {
    const open = this.#open;
    // A command alone in its block, its output in the next one.
    const asked = open?.isEmpty && open.opened === 'asked' ? open : undefined;
    if (asked) this.#open = undefined;
    else this.#close(false);
    this.#indent = 0;
    if (asked)
      this.#pending = {
        about: asked.about,
        opened: 'captioned',
        node: asked.place.node,
        namespace: asked.place.namespace,
        anyLine: true,
        patience: PATIENCE,
      };
    if (this.#place.from === 'prompt') this.#place.stale = true;
    if (fence.side === 'title') {
      const caption =
        captionIn(fence.title, { leads: true, known: this.#known }) ??
        captionIn(`${fence.title}:`, { leads: this.#leads(lines, at), known: this.#known });
      if (caption) this.#caption(caption);
      this.#inFence = false;
      return;
    }
    this.#inFence = fence.side === 'open' || (fence.side === 'either' && !this.#inFence);
    if (this.#inFence) this.#pending = { ...(this.#pending ?? this.#default()), anyLine: true, patience: PATIENCE };
    else if (!asked) this.#pending = undefined;
  }

  #block(block: HostBlock, line: Line): void {
    this.#closeAll(false);
    this.#indent = block.indent;
    this.#place = { node: block.host, from: 'block', stale: false, namespace: undefined };
    this.#known.add(block.host.toLowerCase());
    if (block.failed) {
      this.#pending = undefined;
      this.#open = new Section({ ...NOTHING, file: this.#member.file, firstLine: line.number }, this.#where(), 'asked');
      return;
    }
    const about = this.#asked ?? this.#default().about;
    this.#start(about, line.number + 1, 'asked');
  }

  /** What was asked of all machines at once: `ansible all -a 'ip route'`. */
  #asked: Pending['about'] | undefined;

  #hostLine(line: Line, host: string): void {
    const open = this.#open;
    if (open?.isEmpty && open.opened === 'asked') {
      this.#asked = open.about;
      this.#open = undefined;
    }
    this.#close(false);
    if (line.text.trim() === '') {
      this.#hosted.get(host)?.blank(line);
      return;
    }
    if (isBanner(line.text)) return;
    let section = this.#hosted.get(host);
    if (section?.turnsAt(line.text)) {
      this.#finish(section, false);
      section = undefined;
    }
    if (!section) {
      const about = this.#asked ?? this.#default().about;
      section = this.#section(about, line.number, 'shown', { node: host, namespace: undefined, carried: false });
      this.#hosted.set(host, section);
    }
    section.push(line);
  }

  #prompt(prompt: Prompt, line: Line): boolean {
    const { host, command, typed } = prompt;
    // A bare sign within an output may be the output's own.
    if (!prompt.certain && host === undefined && command?.named === undefined && typed !== '' && !command) return false;
    this.#closeAll(false);
    this.#indent = 0;
    if (host !== undefined) this.#moveTo(host);
    if (leaves(typed)) {
      this.#entered.pop();
      return true;
    }
    const loop = loopIn(typed);
    this.#loop = loop;
    this.#asked = undefined;
    if (loop) {
      if (loop.command) this.#asked = aboutOf(loop.command);
      this.#pending = loop.command && {
        about: aboutOf(loop.command),
        opened: 'asked',
        anyLine: true,
        patience: PATIENCE,
      };
      return true;
    }
    const entered = enteredBy(typed);
    if (entered) this.#entered.push(entered);
    this.#pending = undefined;
    if (typed === '' || entered) return true;
    if (changesRules(typed)) {
      this.#command(typed, line.number);
      return true;
    }
    if (command) this.#start(aboutOf(command), line.number + 1, 'asked', command, this.#more(typed));
    else this.#start(NOTHING, line.number + 1, 'asked');
    return true;
  }

  #command(text: string, number: number): void {
    const place = this.#where();
    const key = JSON.stringify([place.node, place.namespace]);
    const typed = this.#typed.get(key) ?? { place, commands: [] };
    this.#typed.set(key, typed);
    if (typed.commands.length < TYPED) typed.commands.push({ text, number });
  }

  /** A prompt of another machine ends what was entered from the last one. */
  #moveTo(host: string): void {
    const inside = this.#entered.at(-1);
    if (inside?.namespace !== undefined && sameWord(inside.namespace, host)) return;
    if (this.#place.node !== undefined && !sameWord(this.#place.node, host)) this.#entered = [];
    if (this.#entered.at(-1)?.node !== undefined) this.#entered.pop();
    this.#place = { node: host, from: 'prompt', stale: false, namespace: this.#member.facts.namespace };
  }

  #loopName({ text, number }: Line): boolean {
    const loop = this.#loop;
    if (!loop) return false;
    const word = /^[=\-#*>\s[]{0,12}(?<word>[\w.@-]{1,128}?)[=\-#*<\s:\]]{0,12}$/.exec(text)?.groups?.word;
    const name = loop.names.find((candidate) => candidate === word);
    if (name === undefined) return false;
    this.#closeAll(false);
    if (loop.what === 'node') this.#place = { node: name, from: 'block', stale: false, namespace: undefined };
    else this.#place = { ...this.#place, namespace: name };
    this.#start(this.#asked ?? this.#default().about, number + 1, 'asked');
    return true;
  }

  /** A collector's header, or a bar with a file's name. */
  #header(header: Header, line: Line): boolean {
    if (header.fence) return false;
    const { command, title, section } = header;
    if (
      command === undefined &&
      title === undefined &&
      section === undefined &&
      header.node === undefined &&
      header.namespace === undefined &&
      !header.collected &&
      Object.keys(header).length > 0
    )
      return false;
    if (header.node !== undefined && command === undefined && title === undefined) {
      this.#caption({ node: header.node, command: undefined, decorated: true });
      return true;
    }
    this.#closeAll(false);
    this.#pending = undefined;
    if (header.namespace !== undefined) this.#place = { ...this.#place, namespace: header.namespace };
    const base = this.#member.path.slice(this.#member.path.lastIndexOf('/') + 1);
    const name = title ?? (section === undefined ? undefined : `${base.replace(/\.\w{1,4}$/, '')} ${section}`);
    const titled = name === undefined ? undefined : factsOfName(name);
    const about = command
      ? aboutOf(command)
      : titled
        ? {
            kind: captureKind(titled.kind),
            common: titled.common,
            command: titled.command,
            family: titled.family,
            device: titled.device,
          }
        : NOTHING;
    this.#start(about, line.number + 1, 'asked', command, [], titled?.namespace);
    return true;
  }

  #caption(caption: Caption): void {
    this.#closeAll(false);
    this.#indent = 0;
    this.#loop = undefined;
    if (caption.node !== undefined) {
      this.#place = { node: caption.node, from: 'heading', stale: false, namespace: this.#member.facts.namespace };
      this.#entered = [];
      this.#known.add(caption.node.toLowerCase());
    }
    const { command } = caption;
    if (command)
      this.#pending = {
        about: aboutOf(command),
        opened: 'captioned',
        node: command.node,
        namespace: command.namespace,
        anyLine: true,
        patience: PATIENCE,
      };
    else this.#pending = this.#own === undefined ? undefined : this.#default();
  }

  #content(line: Line): void {
    const open = this.#open;
    if (open) {
      const turn = open.turnsAt(line.text);
      if (turn) {
        const [next, ...more] = open.more;
        this.#close(false);
        const about = next ?? {
          ...NOTHING,
          family: turn === 'ip-rule' && open.kind === 'ip-rule' ? (6 as const) : undefined,
        };
        this.#open = this.#section({ ...about, kind: about.kind ?? turn }, line.number, open.opened, open.place, more);
        this.#open.push(line);
        return;
      }
      if (!open.endsBefore(line)) {
        open.push(line);
        return;
      }
      this.#close(false);
    }
    this.#begin(line);
  }

  /** A line outside all sections: the first one of the next, or nobody's. */
  #begin(line: Line): void {
    const shown = startOf(line.text);
    const pending = this.#pending;
    const prose = shown === undefined && isProse(line.text);
    if (pending && !prose && (pending.anyLine || shown !== undefined)) {
      this.#pending = undefined;
      const where = this.#where(pending.node, pending.namespace);
      this.#open = this.#section(pending.about, line.number, pending.opened, where);
      this.#open.push(line);
    } else if (shown !== undefined) {
      this.#open = this.#section(NOTHING, line.number, 'shown', this.#where());
      this.#open.push(line);
    } else if (prose) {
      if (this.#place.from === 'prompt') this.#place.stale = true;
      if (pending && --pending.patience <= 0) this.#pending = undefined;
    }
  }

  #default(): Pending {
    const { common, command, family, device } = this.#member.facts;
    return {
      about: { kind: this.#own, common, command, family, device },
      opened: 'shown',
      anyLine: this.#own !== undefined,
      patience: PATIENCE,
    };
  }

  #where(node?: string, namespace?: string): Place {
    const inside = this.#entered.at(-1);
    const place = this.#place;
    return {
      node: node ?? inside?.node ?? place.node,
      namespace: namespace ?? inside?.namespace ?? place.namespace,
      carried: node === undefined && inside?.node === undefined && place.from === 'prompt' && place.stale,
    };
  }

  #start(
    about: Pending['about'],
    firstLine: number,
    opened: Opened,
    command?: CommandLine,
    more: readonly OutputAbout[] = [],
    namespace?: string,
  ): void {
    this.#closeAll(false);
    this.#open = this.#section(
      about,
      firstLine,
      opened,
      this.#where(command?.node, command?.namespace ?? namespace),
      more,
    );
  }

  #section(
    about: Pending['about'],
    firstLine: number,
    opened: Opened,
    place: Place,
    more: readonly OutputAbout[] = [],
  ): Section {
    this.#marked = true;
    return new Section({ ...about, file: this.#member.file, firstLine, secrets: this.#secrets }, place, opened, more);
  }

  /** The commands behind the first one of a line. */
  #more(typed: string): readonly OutputAbout[] {
    const parts = typed.split(/\s*(?:;|&&|\|\|)\s*/).slice(1);
    return parts.flatMap((part) => {
      const command = readCommandLine(part);
      return command?.named ? [{ ...aboutOf(command), file: this.#member.file, firstLine: 1 }] : [];
    });
  }

  #closeAll(partial: boolean): void {
    this.#close(partial);
    for (const section of this.#hosted.values()) this.#finish(section, partial);
    this.#hosted = new Map();
  }

  #close(partial: boolean): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) this.#finish(open, partial);
  }

  #finish(section: Section, partial: boolean): void {
    if (section.isEmpty && (section.opened !== 'asked' || section.about.kind === undefined)) return;
    const { about, place } = section;
    const read = section.end(partial);
    this.#keep(read, about.command, place, about.kind === undefined || (about.common && about.kind !== read.kind));
  }

  #keep(read: OutputRead, command: string | undefined, place: Place, byContent: boolean): void {
    if (read.capture === undefined) return;
    const { facts, path, mtime } = this.#member;
    this.#unplaced.push(place.node === undefined || place.carried);
    this.#found.push({
      path,
      ...read,
      command,
      node: place.node,
      namespace: place.namespace,
      pod: facts.pod,
      label: facts.label,
      byContent,
      mtime,
    });
  }

  /** What no line says whose it is belongs to the text's only machine; where it names several, to none of them. */
  #placed(): readonly Found[] {
    const told = [
      ...new Set(
        this.#found.flatMap((found, i) => (this.#unplaced[i] || found.node === undefined ? [] : [found.node])),
      ),
    ];
    const [only, ...others] = told;
    return this.#found.map((found, i) => {
      if (!this.#unplaced[i] || only === undefined) return found;
      if (others.length === 0) return { ...found, node: only };
      return isCluster(found.kind) ? found : { ...found, node: undefined, unplaced: true as const };
    });
  }
}

const NOTHING = { kind: undefined, common: true, command: undefined, family: undefined, device: undefined } as const;

const aboutOf = (command: CommandLine): Pending['about'] => ({
  kind: command.named?.kind,
  common: command.named?.common ?? true,
  command: command.command,
  family: command.named?.family,
  device: command.device,
});

/** A fence, a prompt, a command or an output's first line. */
const beginsSomething = (lines: readonly Line[], at: number): boolean => {
  const { text = '' } = lines[at] ?? {};
  if (fenceIn(text) || startOf(text) !== undefined || bareCommand(text) !== undefined || promptIn(text)) return true;
  if (hostBlockIn(text, undefined, lines[at + 1]?.text)) return true;
  return captionIn(text, { leads: true, known: new Set() })?.command !== undefined;
};

const aboutOnly = ({ kind, common, command, family, device }: Pending['about']): Pending['about'] => ({
  ...{ kind, common, command, family, device },
});

const captureKind = (kind: NameFacts['kind']): CaptureKind | undefined =>
  kind === 'many' || kind === 'skip' || kind === 'clock' ? undefined : kind;

const sameWord = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const isBlock = (lines: readonly Line[], at: number): boolean =>
  hostBlockIn(lines[at]?.text ?? '', lines[at - 1]?.text, lines[at + 1]?.text) !== undefined;
