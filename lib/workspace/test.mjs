/**
 * `npm test [-- vitest arguments]`: set-up, formatting and lint, `tsc --strict`, and every test.
 * The last line counts them all: "N passed, N failed, N skipped"; formatting and types count as one test each.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './environment.mjs';
import { setUp } from './setup.mjs';

const bin = (/** @type {string[]} */ ...parts) => join(root, 'node_modules', ...parts);

/** @param {string} title @param {string} program @param {string[]} args */
function runNode(title, program, args) {
  process.stderr.write(`${title}\n`);
  return (
    spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
      .status === 0
  );
}

/** The counts in vitest's JSON report; a run that wrote none counts as one failure. */
function readCounts(/** @type {string} */ report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const brokenFiles = testResults.filter(
      (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
        file.status === 'failed' && file.assertionResults.length === 0,
    ).length;
    return { passed: numPassedTests, failed: numFailedTests + brokenFiles, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** @param {string[]} args */
function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'lab-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = runNode('tests', bin('vitest', 'vitest.mjs'), [
    'run',
    '--config',
    'test/vitest.config.mjs',
    '--root',
    root,
    ...reporters,
    ...args,
  ]);
  const counts = readCounts(report);
  rmSync(folder, { recursive: true });
  // an error outside any test (an unhandled rejection, say) fails the run without failing a test
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** @param {string[]} args @returns {Promise<number>} the exit status */
export async function main(args) {
  await setUp();
  const checks = [
    runNode('formatting and lint', bin('@biomejs', 'biome', 'bin', 'biome'), [
      'check',
      '--error-on-warnings',
    ]),
    runNode('types', bin('typescript', 'bin', 'tsc'), []),
  ];
  const counts = runVitest(args);
  const failed = counts.failed + checks.filter((ok) => !ok).length;
  const passed = counts.passed + checks.filter(Boolean).length;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${passed} passed, ${failed} failed${skipped}`);
  return failed === 0 ? 0 : 1;
}
