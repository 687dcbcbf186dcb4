/**
 * Executed notebooks in the form that git keeps: two runs that computed the same give the same bytes.
 * What differs from run to run goes (execution counts, times, outputs marked as volatile), and what is written
 * in one of several ways is written in one (streams in one piece, text as lines, keys in order).
 */

/**
 * @typedef {Record<string, unknown>} Json
 * @typedef {{ output_type: string, metadata?: Json, data?: Json, text?: string | string[] } & Json} Output
 * @typedef {{ cell_type: string, source: string | string[], metadata?: Json, outputs?: Output[] } & Json} Cell
 * @typedef {{ cells: Cell[], metadata: Json, nbformat: number, nbformat_minor: number }} Notebook
 */

/** Fields of metadata.language_info that describe the language, not the kernel that happened to run. */
const languageFields = ['name', 'file_extension', 'mimetype', 'codemirror_mode'];

/** Metadata of a cell that front ends write when they run it. */
const executionFields = ['execution', 'ExecuteTime'];

/** @param {unknown} text a string, or its lines as nbformat stores them */
export const joined = (text) => (Array.isArray(text) ? text.join('') : String(text ?? ''));

/** @param {unknown} text @returns {string[]} the lines, each with its line feed */
const lines = (text) => joined(text).match(/[^\n]*\n|[^\n]+/g) ?? [];

/** @param {Json | undefined} object @param {(key: string) => boolean} keep @returns {Json} */
const filterKeys = (object, keep) =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => keep(key)));

/** @param {string} type a MIME type whose value is text of several lines */
const isText = (type) =>
  type.startsWith('text/') || type === 'image/svg+xml' || type === 'application/javascript';

/** @param {Json} data @returns {Json} */
function normalizeData(data) {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => {
      if (isText(type)) return [type, lines(value)];
      return [type, type.startsWith('image/') ? joined(value) : value];
    }),
  );
}

/** What the notebooks' own displays say of an output. @param {Output} output */
export const labMetadata = ({ metadata }) =>
  /** @type {{ volatile?: boolean, csv?: string, engine?: string } | undefined} */ (metadata?.lab);

/** @param {Output} output @returns {Output} */
function normalizeOutput(output) {
  const { output_type: type } = output;
  if (type === 'stream') return { ...output, text: lines(output.text) };
  if (type === 'error') return output;
  const counted = type === 'execute_result' ? { execution_count: null } : {};
  const { transient: _, ...kept } = output;
  return { ...kept, ...counted, data: normalizeData(output.data ?? {}) };
}

/** How a stream was cut into messages depends on timing alone. @param {readonly Output[]} outputs */
function mergeStreams(outputs) {
  /** @type {Output[]} */
  const merged = [];
  for (const output of outputs) {
    const last = merged.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      merged[merged.length - 1] = { ...last, text: joined(last.text) + joined(output.text) };
    } else {
      merged.push(output);
    }
  }
  return merged;
}

/** @param {Cell} cell @returns {Cell} */
function normalizeCell(cell) {
  const metadata = filterKeys(cell.metadata, (key) => !executionFields.includes(key));
  const source = lines(cell.source);
  if (cell.cell_type !== 'code') return { ...cell, metadata, source };
  const kept = (cell.outputs ?? []).filter((output) => !labMetadata(output)?.volatile);
  return {
    ...cell,
    metadata,
    source,
    execution_count: null,
    outputs: mergeStreams(kept).map(normalizeOutput),
  };
}

/**
 * @param {Notebook} notebook
 * @returns {Notebook}
 */
export function normalize(notebook) {
  const { language_info: language, ...metadata } = notebook.metadata;
  const pruned = filterKeys(/** @type {Json} */ (language), (key) => languageFields.includes(key));
  return {
    ...notebook,
    cells: notebook.cells.map(normalizeCell),
    metadata: language ? { ...metadata, language_info: pruned } : metadata,
  };
}

/**
 * A notebook that has not been run: after an error, no output of an earlier run may pass for the new one's.
 * @param {Notebook} notebook
 * @returns {Notebook}
 */
export function withoutOutputs(notebook) {
  const cells = notebook.cells.map((cell) => (cell.cell_type === 'code' ? { ...cell, outputs: [] } : cell));
  return normalize({ ...notebook, cells });
}

/** @param {unknown} value @returns {unknown} the same, with the keys of every object in order */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** The file's text, as nbformat lays it out. @param {Notebook} notebook */
export const formatNotebook = (notebook) => `${JSON.stringify(sorted(notebook), null, 1)}\n`;

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * The first of `folders` that an output names: paths of one machine must not get into git.
 * @param {Notebook} notebook
 * @param {readonly string[]} folders absolute
 * @returns {{ index: number, folder: string } | undefined} index of the cell
 */
export function findMachinePath(notebook, folders) {
  for (const [index, { outputs = [] }] of notebook.cells.entries()) {
    const withoutImages = outputs.map(({ data, ...output }) => ({
      ...output,
      data: filterKeys(data, (type) => !type.startsWith('image/')),
    }));
    const text = JSON.stringify(withoutImages);
    const folder = folders.find((path) => new RegExp(`(?<![\\w.~/-])${escaped(path)}(?![\\w.-])`).test(text));
    if (folder) return { index, folder };
  }
  return undefined;
}
