/** Path below the root and text of each file that the registry's script writes. */
export function generatedFiles(): Readonly<Record<string, string>>;
