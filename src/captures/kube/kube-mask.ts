import { MASKED, withoutSecrets } from '../masking/known-secrets.ts';
import type { FormatMask } from '../masking/masked-lines.ts';

/** The name of a container's variable, and the line below it with its value: `- name: DB_PASSWORD`, `"value": "..."`. */
const NAME = /^\s*(?:- )?"?name"?: "?(?<name>[\w.-]{1,253})/;
const VALUE = /^(\s*(?:- )?"?value"?: ).+$/;
const SECRET = /pass|secret|token|key|cred|auth|psk|pwd|dsn|conn|url/i;

/** Objects as YAML or JSON: beside what a line itself tells, the value of a variable whose name speaks of a secret goes. */
export const kubeMask = (): FormatMask => {
  let named = false;
  const pass = (line: string): void => {
    const name = NAME.exec(line)?.groups?.name;
    if (name !== undefined) named = SECRET.test(name);
    else if (!VALUE.test(line)) named = false;
  };
  return {
    mask(line) {
      const secret = named && VALUE.test(line);
      pass(line);
      return secret ? line.replace(VALUE, `$1${MASKED}`) : withoutSecrets(line);
    },
    pass,
  };
};
