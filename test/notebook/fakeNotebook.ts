/** Stands in for tslab: collects what a cell would show. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Bundle } from '../../lib/notebook/display';

const requireFromProject = createRequire(join(process.cwd(), 'package.json'));
const jupyterPath = requireFromProject.resolve('tslab/dist/jupyter');

export interface Shown extends Bundle {
  readonly metadata: Record<string, unknown>;
  readonly displayId: string | undefined;
  readonly update: boolean;
}

interface Message extends Bundle {
  readonly metadata: Record<string, unknown>;
  readonly transient: { readonly display_id?: string };
}

/** From now on `display` finds a running cell; what it sends is in the returned list. */
export function enterNotebook(): Shown[] {
  const shown: Shown[] = [];
  const lastWriteDisplayData = ({ data, metadata, transient }: Message, update: boolean) =>
    shown.push({ data, metadata, displayId: transient.display_id, update });
  requireFromProject.cache[jupyterPath] = { exports: { lastWriteDisplayData } } as unknown as NodeJS.Module;
  return shown;
}

export function leaveNotebook(): void {
  delete requireFromProject.cache[jupyterPath];
}

/** What stays in the notebook: the last state of each output. */
export function remaining(shown: readonly Shown[]): Shown[] {
  const outputs: Shown[] = [];
  for (const output of shown) {
    const place = outputs.findIndex(
      ({ displayId }) => displayId !== undefined && displayId === output.displayId,
    );
    if (output.update) outputs[place] = output;
    else outputs.push(output);
  }
  return outputs;
}
