#!/usr/bin/env node
// Builds a connector: `node build.mjs SOURCE.js OUTPUT.wasm [CONTRACT_FOLDER]`.
//
// The component imports just the interfaces of the contract that the source imports, so that an operator sees what it can
// reach. What the JavaScript engine needs of WASI is linked without effect by the host.

import { componentize } from '@bytecodealliance/componentize-js';
import { build } from 'esbuild';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'purser:connector';
const VERSION = '0.1.0';
const here = dirname(fileURLToPath(import.meta.url));

const [source, output, contract = join(here, '../../wit')] = process.argv.slice(2);
if (!source || !output) {
  console.error('usage: build.mjs SOURCE.js OUTPUT.wasm [CONTRACT_FOLDER]');
  process.exit(2);
}

const scratch = await mkdtemp(join(tmpdir(), 'purser-js-'));
try {
  const bundled = await build({
    entryPoints: [resolve(source)],
    outfile: join(scratch, 'connector.js'),
    bundle: true,
    format: 'esm',
    external: [`${PACKAGE}/*`],
    alias: { 'purser-sdk/fetch': join(here, 'src/fetch.js'), 'purser-sdk': join(here, 'src/index.js') },
    metafile: true,
    logLevel: 'error',
  });
  // `fetch` is an import like any other: who does not ask for it gets a component without `wasi:http`.
  const fetches = Object.keys(bundled.metafile.inputs).some((input) => resolve(input) === join(here, 'src/fetch.js'));
  await writeWorld(Object.values(bundled.metafile.outputs).flatMap((file) => file.imports));
  const { component } = await componentize({
    sourcePath: join(scratch, 'connector.js'),
    witPath: join(scratch, 'wit'),
    worldName: 'plugin',
    disableFeatures: fetches ? ['fetch-event'] : ['http', 'fetch-event'],
  });
  await mkdir(dirname(resolve(output)), { recursive: true });
  await writeFile(output, component);
} finally {
  await rm(scratch, { recursive: true });
}

/** Writes the world of this connector: what it imports, and `provisioning`. */
async function writeWorld(imports) {
  const names = new Set();
  for (const { path } of imports) {
    const [, name, version] = path.match(/^purser:connector\/([a-z]+)@(.+)$/) ?? [];
    if (version !== VERSION) throw new Error(`\`${path}\` is no interface of ${PACKAGE}@${VERSION}`);
    names.add(name);
  }
  const folder = join(scratch, 'wit/deps/purser-connector');
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(contract)) {
    if (file.endsWith('.wit')) await cp(join(contract, file), join(folder, file));
  }
  const lines = [...names].sort().map((name) => `    import ${PACKAGE}/${name}@${VERSION};\n`);
  const world = `world plugin {\n${lines.join('')}    export ${PACKAGE}/provisioning@${VERSION};\n}\n`;
  await writeFile(join(scratch, 'wit/world.wit'), `package purser:plugin;\n\n${world}`);
}
