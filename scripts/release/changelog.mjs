/** A changelog whose first section is the one to be released, `## 1.2.3 (unreleased)`: the same with its day. Throws where it is not. */
export const released = (text, version, day) => {
  const heading = /^## (\S+) \(([^)]*)\)$/m.exec(text);
  if (!heading) throw new Error('CHANGELOG.md has no section of a version');
  const [line, named, state] = heading;
  if (named !== version || state !== 'unreleased')
    throw new Error(`CHANGELOG.md begins with "${line}"; write what is new under "## ${version} (unreleased)"`);
  const body = text.slice(heading.index + line.length).split(/^## /m)[0] ?? '';
  if (body.trim() === '') throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return text.replace(line, `## ${version} (${day})`);
};

const parts = (version) => {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (!match) throw new Error(`${version} is no version such as 1.2.3`);
  return match.slice(1).map(Number);
};

/** Whether a version may follow another: it is the same where that one was never released, else greater. */
export const mayFollow = (version, before) => {
  const [now, then] = [parts(version), parts(before)];
  const at = now.findIndex((part, i) => part !== then[i]);
  return at < 0 || now[at] > then[at];
};
