/** The page that data/results/index.html shows: every notebook's last run, its figures, files and circumstances. */
import fs from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../setup/folders.mjs';
import { duration, figures } from './summary.mjs';

/** @typedef {import('./run.mjs').Run} Run */

/** The file, in a notebook's folder of results, that records its run. */
export const runFile = 'run.json';

/** @param {unknown} text */
const escaped = (text) => String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param {string} folder @returns {string[]} paths of its CSV files, relative to it */
function csvFilesIn(folder) {
  const entries = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.filter((entry) => entry.endsWith('.csv')).sort();
}

/** The runs recorded in a folder of results, by name. @param {string} out @returns {Run[]} */
function readRuns(out) {
  const names = fs.readdirSync(out).sort();
  const recorded = names.filter((name) =>
    [runFile, `${name}.ipynb`].every((file) => fs.existsSync(join(out, name, file))),
  );
  return recorded.map((name) => JSON.parse(fs.readFileSync(join(out, name, runFile), 'utf8')));
}

/** @param {Run} run */
function parametersOf({ parameters: { quick, seed, overrides } }) {
  const named = Object.entries(overrides).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const all = [...(quick ? ['quick'] : []), ...(seed === undefined ? [] : [`seed = ${seed}`]), ...named];
  return all.length === 0 ? 'defaults' : all.join(', ');
}

/** @param {Run} run */
const tableRow = (run) => `<tr>
<td><a href="#${escaped(run.name)}">${escaped(run.name)}</a></td>
<td>${run.cellsRun}/${run.cells}</td><td>${duration(run.seconds)}</td><td>${run.figures}</td><td>${run.csvs}</td>
<td class="${run.failure ? 'failed' : 'ok'}">${run.failure ? 'failed' : 'ok'}</td><td>${escaped(parametersOf(run))}</td>
<td>${escaped(run.engine)}</td><td>${escaped(run.date.slice(0, 16).replace('T', ' '))}</td><td>${escaped(run.commit)}</td>
</tr>`;

/** @param {string} out @param {Run} run */
function section(out, run) {
  const folder = join(out, run.name);
  const href = (/** @type {string} */ file) =>
    escaped([run.name, ...file.split('/')].map(encodeURIComponent).join('/'));
  const notebook = JSON.parse(fs.readFileSync(join(folder, `${run.name}.ipynb`), 'utf8'));
  const page = `${run.name}.html`;
  const files = [page, `${run.name}.ipynb`, ...csvFilesIn(folder)].map(
    (file) => `<a href="${href(file)}">${escaped(file)}</a>`,
  );
  const images = figures(notebook).map(
    (png, index) =>
      `<a href="${href(page)}"><img alt="Figure ${index + 1} of ${escaped(run.name)}" src="data:image/png;base64,${png}"></a>`,
  );
  return `<h2 id="${escaped(run.name)}">${escaped(run.name)}</h2>
${run.failure ? `<pre class="failed">${escaped(run.failure)}</pre>` : ''}
<p class="files">${files.join(' · ')}</p>
<div class="figures">${images.join('\n')}</div>
<p class="versions">${escaped(
    Object.entries(run.versions)
      .map((pair) => pair.join(' '))
      .join(' · '),
  )}</p>`;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; white-space: nowrap; }
th, td { text-align: left; padding: .35rem .8rem; border-bottom: 1px solid #ddd; }
td:nth-child(n+2):nth-child(-n+5) { text-align: right; font-variant-numeric: tabular-nums; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; }
a { color: #0b5cad; text-decoration: none; } a:hover { text-decoration: underline; }
.ok { color: #176639; } .failed { color: #a3201b; }
pre.failed { background: #fdf2f1; padding: .8rem; overflow-x: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem; }
.figures img { width: 100%; border: 1px solid #e5e5e5; border-radius: 4px; }
.files, .versions { font-size: 14px; } .versions { color: #666; }`;

/**
 * Writes index.html for all that `out` holds; it needs no other file and no network.
 * @param {string} out
 * @returns {string} its path
 */
export function writeReport(out) {
  const runs = readRuns(out);
  const columns = [
    'notebook',
    'cells',
    'time',
    'figures',
    'CSVs',
    'status',
    'parameters',
    'engine',
    'date',
    'commit',
  ];
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Results</title><style>${style}
</style></head>
<body>
<h1>Results</h1>
<div class="scroll"><table>
<thead><tr>${columns.map((column) => `<th>${column}</th>`).join('')}</tr></thead>
<tbody>
${runs.map(tableRow).join('\n')}
</tbody></table></div>
${runs.map((run) => section(out, run)).join('\n')}
</body>
</html>
`;
  const path = join(out, 'index.html');
  writeAtomically(path, html);
  return path;
}
