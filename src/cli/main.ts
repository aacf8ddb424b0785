#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { bundledProgram } from './bundled-program.ts';

// A reader that has gone (`analyze … | head`) has all that it wanted; the report file is written all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { program, keep } = bundledProgram(fileURLToPath(new URL('./program.cjs', import.meta.url)));
process.exitCode = await program.main(process.argv.slice(2));
keep();
