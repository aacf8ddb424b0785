/**
 * Peggy plugin: the generated parser as a module that is set up once.
 *
 * Peggy makes all functions, constants and expectations of a parser anew at each call of parse(), and V8 optimises functions that
 * exist once far better than those of which there are many. Here they are made once; what belongs to one parse is put into variables
 * at its start. The input's char codes are laid out in an array beside it, so that literals and spans compare numbers instead of
 * cutting out strings. Together more than half of the time is saved; no result and no error changes (test/grammars/span-plugin.test.ts).
 *
 * It rewrites Peggy's text, so peggy is pinned to an exact version; a line that is not found where it should be stops the build.
 * The parser is not reentrant: no action may call its own grammar's parse().
 */

const START = 'function peg$parse(input, options) {\n';
const END = '\n}\n\nconst peg$allowedStartRules';
const RUN = '  peg$result = peg$startRuleFunction();';

/** Laid out as UTF-16: the array's element after the text is a code that no literal has. */
const CODES = `
let peg$store = new Uint16Array(0);
let peg$bytes = Buffer.alloc(0);
const peg$littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
function peg$codesOf(text) {
  if (peg$store.length <= text.length) {
    peg$store = new Uint16Array(text.length + (text.length >> 1) + 64);
    peg$bytes = Buffer.from(peg$store.buffer);
  }
  peg$bytes.write(text, 0, text.length * 2, 'utf16le');
  if (!peg$littleEndian) peg$bytes.subarray(0, text.length * 2).swap16();
  peg$store[text.length] = 0xffff;
  return peg$store;
}
`;

/** Beyond this many codes the array is let go of after the parse: a slice has 32 KiB. */
const KEPT_CODES = 1 << 18;

const VARIABLES = [
  'input',
  'options',
  'peg$codes',
  'peg$end',
  'peg$number',
  'peg$source',
  'peg$startRuleFunction',
  'peg$currPos',
  'peg$savedPos',
  'peg$posDetailsCache',
  'peg$maxFailPos',
  'peg$maxFailExpected',
  'peg$silentFails',
  'peg$result',
];

/** What Peggy writes once and must be done at each parse. */
const PER_PARSE = [
  /^ {2}options = options !== undefined \? options : \{\};\n/m,
  /^ {2}const peg\$source = options\.grammarSource;\n/m,
  /^ {2}let peg\$startRuleFunction = \w+\$\w+;\n/m,
  /^ {2}let peg\$currPos = options\.peg\$currPos \| 0;\n/m,
  /^ {2}let peg\$savedPos = peg\$currPos;\n/m,
  /^ {2}const peg\$posDetailsCache = .*\n/m,
  /^ {2}let peg\$maxFailPos = peg\$currPos;\n/m,
  /^ {2}let peg\$maxFailExpected = .*\n/m,
  /^ {2}let peg\$silentFails = .*\n/m,
  /^ {2}let peg\$result;\n/m,
  /^ {2}if \(options\.startRule\) \{\n[\s\S]*?\n {2}\}\n/m,
];

const cut = (text, at, what) => {
  if (at < 0) throw new Error(`peggy's output has no ${what}: is it another version?`);
  return [text.slice(0, at), text.slice(at)];
};

/** `const sink = options.sink;` of the grammar's initializer: a variable of the module, set at each parse. */
const initializer = (text) => {
  const names = [...text.matchAll(/\bconst (\w+) = [^;{}]+;/g)].map(([, name]) => name);
  if (text.replace(/\bconst \w+ = [^;{}]+;/g, '').trim() !== '')
    throw new Error(`an initializer may only have lines such as "const sink = options.sink;": ${text}`);
  return { names, text: text.replace(/\bconst /g, '') };
};

const literalsOf = (text) =>
  new Map(
    [...text.matchAll(/^ {2}const (peg\$c\d+) = ("(?:[^"\\]|\\.)*");/gm)].map(([, name, value]) => [
      name,
      JSON.parse(
        value
          .replace(/\\x([0-9A-F]{2})/g, '\\u00$1')
          .replace(/\\v/g, '\\u000b')
          .replace(/\\0/g, '\\u0000'),
      ),
    ]),
  );

const comparison = (literal) =>
  [...literal.split('').keys()]
    .map((i) => `peg$codes[peg$currPos${i === 0 ? '' : ` + ${i}`}] === ${literal.charCodeAt(i)}`)
    .join(' && ');

/** A predicate that only calls a span is the span. */
const withoutSpanPredicates = (text) => {
  const spans = new Map(
    [...text.matchAll(/^ {2}function (peg\$f\d+)\([^)]*\) \{\s*return (peg\$span\d+)\(\);\s*\}\n/gm)].map(
      ([, name, span]) => [name, span],
    ),
  );
  return text
    .replace(/^ {2}function (peg\$f\d+)\([^)]*\) \{\s*return peg\$span\d+\(\);\s*\}\n/gm, '')
    .replace(/(peg\$f\d+)\([^()]*\)/g, (call, name) => (spans.has(name) ? `${spans.get(name)}()` : call));
};

const asModule = (source, spans) => {
  const [head, fromStart] = cut(source, source.indexOf(START), 'parse()');
  const [body, tail] = cut(fromStart.slice(START.length), fromStart.indexOf(END) - START.length, 'end of parse()');
  const [before, run] = cut(body, body.indexOf(RUN), 'start');
  const [rules, own] = cut(before, before.lastIndexOf('\n  }\n') + '\n  }\n'.length, 'rule');
  let once = rules;
  const perParse = PER_PARSE.map((line) => {
    const found = line.exec(once)?.[0];
    if (found === undefined) throw new Error(`peggy's output has no line ${line}: is it another version?`);
    once = once.replace(line, () => '');
    return found.replace(/^ {2}(?:const|let) /, '  ').replace('peg$result;', 'peg$result = undefined;');
  });
  const literals = literalsOf(once);
  once = withoutSpanPredicates(once)
    .replace(/input\.substr\(peg\$currPos, \d+\) === (peg\$c\d+)/g, (_, name) => comparison(literals.get(name)))
    .replaceAll('input.charCodeAt(peg$currPos)', 'peg$codes[peg$currPos]')
    // A variable has no dead zone to be asked for at each use.
    .replace(/^ {2}(?:const|let) peg\$/gm, '  var peg$');
  const init = initializer(own);
  return `${head}${CODES}
const peg$parse = (() => {
  var ${[...VARIABLES, ...init.names].join(', ')};
${spans}${once}
  function peg$run() {
${perParse.join('')}${init.text}
${run}
  }
  return (text, given) => {
    input = text;
    options = given;
    peg$codes = peg$codesOf(text);
    peg$end = text.length;
    try {
      return peg$run();
    } finally {
      // Nothing of this parse is kept until the next.
      input = '';
      options = peg$source = peg$posDetailsCache = peg$maxFailExpected = peg$result = undefined;
      ${init.names.map((name) => `${name} = undefined;`).join(' ')}
      if (peg$store.length > ${KEPT_CODES}) peg$store = new Uint16Array(0);
    }
  };
})();
${tail.slice('\n}\n'.length)}`;
};

/**
 * The same with short names and no indentation, half as long: engines read all of it at each start. Names of options stay, and literals have no line breaks.
 */
const shortened = (text) => {
  const names = new Map();
  return text.replace(/^[ \t]+/gm, '').replace(/(options\.|')?peg\$\w+/g, (name, asWritten) => {
    if (asWritten) return name;
    if (!names.has(name)) names.set(name, `p$${names.size.toString(36)}`);
    return names.get(name);
  });
};

export const modulePlugin = {
  use(config) {
    config.passes.generate.push((ast) => {
      const text = shortened(asModule(ast.code.toString(), ast.spans ?? ''));
      ast.code = { toString: () => text };
    });
  },
};
