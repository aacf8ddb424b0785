/**
 * Peggy plugin: inside `$(...)` a run of one character class becomes a plain char-code loop, and so does a number
 * (`digits:$[0-9]+ { return Number(digits); }`), which is worked out while it is read.
 *
 * Peggy compiles `$[a-z]+` to a RegExp test and an array push per character and then throws the array away; the loop does
 * the same work at least twice as fast. Results, error messages and error positions stay the same (test/grammars/span-plugin.test.ts
 * holds the plugins against their absence). It leans on three internal names of the generated parser (peg$currPos, peg$silentFails,
 * peg$fail), so peggy is pinned to an exact version; peg$codes, peg$end and peg$number come from module-plugin.mjs, which runs after it.
 */

const isPlainClass = (node) =>
  node.type === 'class' &&
  !node.ignoreCase &&
  !node.unicode &&
  node.parts.every((part) =>
    Array.isArray(part) ? part.every((c) => c.length === 1) : typeof part === 'string' && part.length === 1,
  );

const condition = (node, name) => {
  const tests = node.parts.map((part) => {
    if (!Array.isArray(part)) return `${name} === ${part.charCodeAt(0)}`;
    return `(${name} >= ${part[0].charCodeAt(0)} && ${name} <= ${part[1].charCodeAt(0)})`;
  });
  const any = tests.length === 0 ? 'false' : tests.join(' || ');
  return node.inverted ? `!(${any})` : `(${any})`;
};

const isRestOfLine = (cls) => cls.inverted && cls.parts.length === 1 && cls.parts[0] === '\n';

/** What the generated parser reports where the class ends, as Peggy would have. */
const report = ({ parts, inverted }) => {
  const expectation = JSON.stringify({ type: 'class', parts, inverted, ignoreCase: false, unicode: false });
  return `if (peg$silentFails === 0) peg$fail(${expectation});`;
};

// Locals, not the parser's own variables, within the loops: those live in a closure and are written back at each step.
const loop = (cls) =>
  isRestOfLine(cls)
    ? `const from = peg$currPos, found = input.indexOf('\\n', from); peg$currPos = found < 0 ? peg$end : found;`
    : `const codes = peg$codes, end = peg$end, from = peg$currPos; let at = from; for (; at < end; at += 1) { const c = codes[at]; if (!${condition(cls, 'c')}) break; } peg$currPos = at;`;

/** Up to 15 digits are exact in a sum; Number rounds the others as it always did. */
const NUMBER_LOOP =
  'const codes = peg$codes, from = peg$currPos; let at = from, value = 0; for (; codes[at] >= 48 && codes[at] <= 57; at += 1) value = value * 10 + (codes[at] - 48); peg$number = at - from > 15 ? Number(input.substring(from, at)) : value; peg$currPos = at;';

/** The functions that one grammar needs, each once: a grammar has many spans of few classes. */
class Spans {
  #names = new Map();

  predicate(node, code) {
    const name = this.#names.get(code) ?? `peg$span${this.#names.size}`;
    this.#names.set(code, name);
    return {
      type: 'semantic_and',
      code: `return ${name}();`,
      codeLocation: node.location,
      location: node.location,
    };
  }

  get text() {
    return [...this.#names].map(([code, name]) => `  function ${name}() { ${code} }\n`).join('');
  }
}

const isSpan = (node) => (node.type === 'zero_or_more' || node.type === 'one_or_more') && isPlainClass(node.expression);

const spanOf = (node, spans) => {
  const matched = node.type === 'one_or_more' ? 'peg$currPos > from' : 'true';
  return spans.predicate(node, `${loop(node.expression)} ${report(node.expression)} return ${matched};`);
};

/** The class of `label:$[0-9]+ { return Number(label); }`. */
const digitsOf = (node) => {
  const label = node.type === 'action' && node.expression.type === 'labeled' ? node.expression : undefined;
  const run = label?.expression.type === 'text' ? label.expression.expression : undefined;
  if (run?.type !== 'one_or_more' || !isPlainClass(run.expression) || run.expression.inverted) return undefined;
  const isDigits = JSON.stringify(run.expression.parts) === '[["0","9"]]';
  return isDigits && node.code.trim() === `return Number(${label.label});` ? run.expression : undefined;
};

const numberOf = (node, digits, spans) => ({
  ...node,
  code: 'return peg$number;',
  expression: spans.predicate(node, `${NUMBER_LOOP} ${report(digits)} return at > from;`),
});

const rewrite = (node, inText, spans) => {
  if (node === null || typeof node !== 'object') return node;
  const digits = digitsOf(node);
  if (digits) return numberOf(node, digits, spans);
  if (inText && isSpan(node)) return spanOf(node, spans);
  const text = inText || node.type === 'text';
  if (node.expression) node.expression = rewrite(node.expression, text, spans);
  for (const key of ['elements', 'alternatives'])
    if (node[key]) node[key] = node[key].map((child) => rewrite(child, text, spans));
  return node;
};

export const spanPlugin = {
  use(config) {
    config.passes.transform.push((ast) => {
      const spans = new Spans();
      for (const rule of ast.rules) rewrite(rule, false, spans);
      ast.spans = spans.text;
    });
  },
};
