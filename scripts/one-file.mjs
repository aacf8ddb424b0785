/**
 * Joins the command's modules into dist/src/cli/main.js, behind tsc: to find, link and compile some 560 files takes longer than to read most bundles.
 * Every module becomes a function that is run when it is first needed; what is imported with import() stays unevaluated until then, and so do the packages that
 * only it uses. It understands the modules that tsc and Peggy write here (no default or star exports, no cycles) and stops the build at any other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(fileURLToPath(new URL('..', import.meta.url)), 'dist');
const entry = join(dist, 'src', 'cli', 'main.js');

const IMPORT = /^import\s+([^'";]*?)\s+from\s+['"]([^'"]+)['"];\n?/gm;
const DYNAMIC = /\bimport\(['"](\.[^'"]+)['"]\)/g;
const DECLARED = /^export (?=(?:const|class|(?:async )?function\*?) ([\w$]+))/gm;
const LISTED = /^export \{([^}]*)\}(?: from ['"]([^'"]+)['"])?;\n?/gm;

/** Words of the templates are a file of their own: its letters are not Latin, which would double the size of all. */
const isOwn = (specifier) => specifier.startsWith('.') || specifier.startsWith('#grammars/');
const pathOf = (specifier, from) =>
  specifier.startsWith('.')
    ? resolve(dirname(from), specifier)
    : join(dist, 'grammars', `${specifier.slice('#grammars/'.length)}.js`);

/** `a, b as c` as pairs. */
const namesIn = (list) =>
  list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => part.split(/\s+as\s+/))
    .map(([name, as = name]) => [name, as]);

const destructured = (names) => `{ ${names.map(([name, as]) => (name === as ? name : `${name}: ${as}`)).join(', ')} }`;

const modules = new Map();

const read = (path) => {
  const known = modules.get(path);
  if (known) return known;
  const module = {
    path,
    id: `$${modules.size.toString(36)}`,
    needs: [],
    packages: [],
    later: [],
    prelude: [],
    exported: [],
    body: '',
  };
  modules.set(path, module);
  const source = (specifier) => {
    if (!isOwn(specifier)) {
      module.packages.push(specifier);
      return `$packages[${JSON.stringify(specifier)}]`;
    }
    const needed = pathOf(specifier, path);
    module.needs.push(needed);
    return `${read(needed).id}()`;
  };
  module.body = readFileSync(path, 'utf8')
    .replace(/^#!.*\n/, '')
    .replace(IMPORT, (_, clause, specifier) => {
      const [, whole, star, list] =
        /^(?:([\w$]+)\s*,?\s*)?(?:\*\s+as\s+([\w$]+)|\{([\s\S]*)\})?$/.exec(clause.trim()) ?? [];
      const from = source(specifier);
      if (star) module.prelude.push(`const ${star} = ${from};`);
      const names = [...(whole ? [['default', whole]] : []), ...(list === undefined ? [] : namesIn(list))];
      if (names.length > 0) module.prelude.push(`const ${destructured(names)} = ${from};`);
      return '';
    })
    .replace(LISTED, (_, list, specifier) => {
      if (specifier === undefined) module.exported.push(...namesIn(list));
      else {
        const names = namesIn(list).map(([name, as], i) => [name, `${module.id}_${i}_${as}`, as]);
        module.prelude.push(`const ${destructured(names)} = ${source(specifier)};`);
        module.exported.push(...names.map(([, local, as]) => [local, as]));
      }
      return '';
    })
    .replace(DECLARED, (_, name) => {
      module.exported.push([name, name]);
      return '';
    })
    .replace(DYNAMIC, (_, specifier) => {
      const needed = read(pathOf(specifier, path));
      module.later.push(needed);
      return `$load(${needed.id})`;
    });
  const left = /^(?:import|export)\b(?!\().*$/m.exec(module.body);
  if (left && !left[0].startsWith('import.meta')) throw new Error(`${path}: not understood: ${left[0]}`);
  return module;
};

/** Everything that runs when the module does. */
const reach = (module, way = [], seen = new Set()) => {
  if (way.includes(module)) throw new Error(`modules import one another: ${way.map(({ path }) => path).join(' ')}`);
  if (seen.has(module)) return seen;
  for (const path of module.needs) reach(modules.get(path), [...way, module], seen);
  return seen.add(module);
};
const packagesOf = (module) => [...new Set([...reach(module)].flatMap(({ packages }) => packages))];

/** Without letters beyond ASCII the text takes one byte each in the engine. Comments are gone, so all of them stand in literals. */
const ascii = (text) =>
  text.replace(/[^\n -~\t]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

if (readFileSync(entry, 'utf8').includes('const $module ='))
  throw new Error('joined already: run `npm run build:types` first');
const main = read(entry);
const atOnce = packagesOf(main);
const asked = new Set([...modules.values()].flatMap(({ later }) => later));
const loaders = [...asked].map((module) => {
  const packages = packagesOf(module).filter((name) => !atOnce.includes(name));
  return `$later.set(${module.id}, [${packages.map((name) => `[${JSON.stringify(name)}, () => import(${JSON.stringify(name)})]`).join(', ')}]);`;
});
const made = [...modules.values()].map(
  ({ id, prelude, body, exported }) =>
    `const ${id} = $module(() => {\n${prelude.join('\n')}\n${body}\nreturn { ${exported.map(([name, as]) => `${as}: ${name}`).join(', ')} };\n});`,
);
/** The entry alone awaits at its top level. */
const start = made
  .shift()
  .replace(`const ${main.id} = $module(() => {`, 'await (async () => {')
  .replace(/\}\);$/, '})();');

const text = `#!/usr/bin/env node
${atOnce.map((name, i) => `import * as $p${i} from ${JSON.stringify(name)};`).join('\n')}
const $packages = { ${atOnce.map((name, i) => `${JSON.stringify(name)}: $p${i}`).join(', ')} };
const $module = (make) => {
  let made;
  return () => (made ??= make());
};
const $later = new Map();
const $load = async (module) => {
  for (const [name, load] of $later.get(module)) $packages[name] ??= await load();
  return module();
};
${made.join('\n')}
${loaders.join('\n')}
${start}
`;
writeFileSync(entry, ascii(text));
