// Runs a program for WASI under each mode that can be seen there, and says what was not as expected.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [file, inside] = process.argv.slice(2);

if (inside) {
    const wasi = new WASI({ version: 'preview1', args: [file], env: process.env, returnOnExit: true });
    const module = await WebAssembly.compile(await readFile(file));
    process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
} else {
    const unknown = 'call stacks cannot be walked on this platform';
    const cases = {
        log: { ends: 0, has: ['checks on', 'allocs: 1', '2 violations', 'allocation of 16 bytes', unknown, 'done', 'never closed'] },
        count: { ends: 0, has: ['2 violations', 'done'], never: ['allocation of'] },
        panic: { has: ['panicked at', 'allocation of 16 bytes', 'plain_there::allocates'], never: ['done'] },
        abort: { has: ['mode abort ends the process'], never: ['done'] },
        nonsense: { has: ['QADAPT_MODE=nonsense is unknown'] },
    };
    let failed = 0;
    for (const [mode, { ends, has, never = [] }] of Object.entries(cases)) {
        const env = { PATH: process.env.PATH, QADAPT_MODE: mode };
        const run = spawnSync(process.execPath, ['--no-warnings', process.argv[1], file, 'inside'], { env, encoding: 'utf8' });
        const text = run.stdout + run.stderr;
        const missing = has.filter((part) => !text.includes(part)).concat(never.filter((part) => text.includes(part)));
        const wrongEnd = ends === undefined ? run.status === 0 : run.status !== ends;
        if (missing.length || wrongEnd) {
            failed += 1;
            console.log(`mode ${mode} ended with ${run.status}; wrong: ${missing.join(', ')}\n${text}`);
        }
    }
    console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
    process.exitCode = failed ? 1 : 0;
}
