import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../lib/workspace/environment.mjs';
import { linkFrom } from '../../lib/workspace/runner/links.mjs';

it('makes links to CSVs lead from the folder of the copy, and leaves the notebook as it was', () => {
  const html = 'CSV: <a href="../data/results/04-x/a%20b.csv">data/results/04-x/a b.csv</a>';
  const outputs = [
    {
      output_type: 'display_data',
      data: { 'text/html': [html], 'text/plain': ['CSV'] },
      metadata: { lab: { csv: 'data/results/04-x/a b.csv' } },
    },
    { output_type: 'display_data', data: { 'text/html': ['<a href="../other">other</a>'] }, metadata: {} },
  ];
  const cells = [{ cell_type: 'code', id: 'a', metadata: {}, source: '', outputs, execution_count: null }];
  const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const before = structuredClone(notebook);
  const [cell] = linkFrom(notebook, join(root, 'data', 'results', '04-x')).cells;
  expect(cell?.outputs?.[0]?.data?.['text/html']).toEqual([
    'CSV: <a href="a%20b.csv">data/results/04-x/a b.csv</a>',
  ]);
  expect(cell?.outputs?.[1]).toEqual(outputs[1]);
  expect(notebook).toEqual(before);
});
