/** The generated ES module's text for one grammar. */
export const compileGrammar: (name: string, plugins?: readonly unknown[]) => string;
