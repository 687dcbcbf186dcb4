/**
 * Sends outputs to the notebook. The only module that knows tslab, the kernel under the notebooks; outside a
 * notebook every output is its plain text on standard output.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** One output in several formats; the front end shows the richest one that it knows. */
export interface Bundle {
  /** MIME type → content. Plain text is always there: it is what terminals and diffs show. */
  readonly data: { readonly 'text/plain': string; readonly [mimeType: string]: unknown };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Marks an output that differs between two runs (times, progress): it is not kept in committed notebooks. */
export const volatile = { lab: { volatile: true } };

interface Message {
  readonly data: Bundle['data'];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient: { readonly display_id?: string };
}
type Send = (message: Message, update: boolean) => void;

const requireFromProject = createRequire(join(process.cwd(), 'package.json'));

/** The running cell's sender, which tslab replaces at each cell. Looked up only where tslab is loaded already. */
function sender(): Send | undefined {
  let path: string;
  try {
    path = requireFromProject.resolve('tslab/dist/jupyter');
  } catch {
    return undefined;
  }
  const jupyter = requireFromProject.cache[path]?.exports as { lastWriteDisplayData?: Send } | undefined;
  return jupyter?.lastWriteDisplayData ?? undefined;
}

/** Whether a notebook's cell shows what is displayed. */
export function inNotebook(): boolean {
  return sender() !== undefined;
}

function printText(bundle: Bundle): void {
  process.stdout.write(`${bundle.data['text/plain']}\n`);
}

/** Shows one output. */
export function display(bundle: Bundle): void {
  const send = sender();
  if (send) send({ data: bundle.data, metadata: bundle.metadata ?? {}, transient: {} }, false);
  else printText(bundle);
}

/** An output that is replaced in place. */
export interface LiveDisplay {
  /** Shows a passing state. */
  update(bundle: Bundle): void;
  /** Shows the last state, the one that stays. */
  finish(bundle: Bundle): void;
}

/** A log that is no terminal gets a passing state at most this often, in milliseconds. */
const logInterval = 10_000;

/**
 * An output that is replaced in place. Outside a notebook its text is one line that a terminal redraws; a file
 * or a pipe gets a line every ten seconds, and the last state.
 */
export function liveDisplay(): LiveDisplay {
  const displayId = randomUUID();
  let shown = false;
  let loggedAt = Date.now();

  function show(bundle: Bundle): boolean {
    const send = sender();
    send?.(
      { data: bundle.data, metadata: bundle.metadata ?? {}, transient: { display_id: displayId } },
      shown,
    );
    shown = true;
    return send !== undefined;
  }

  return {
    update(bundle) {
      if (show(bundle)) return;
      if (process.stdout.isTTY) {
        const line = bundle.data['text/plain'].slice(0, process.stdout.columns - 1);
        process.stdout.write(`\r\x1b[2K${line}`);
      } else if (Date.now() - loggedAt >= logInterval) {
        loggedAt = Date.now();
        printText(bundle);
      }
    },
    finish(bundle) {
      if (show(bundle)) return;
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K');
      printText(bundle);
    },
  };
}
