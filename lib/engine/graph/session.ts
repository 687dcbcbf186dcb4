/**
 * Loaded graphs. Steps that are the same but for their variables, such as those of two seeds, share one: loading and
 * optimizing a graph takes as long as dozens of calls.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GraphDefinition, graphTag } from './graphDefinition';
import { type NativeTensor, nativeBackend } from './nativeBackend';

export interface Session {
  run(inputs: readonly number[]): NativeTensor[];
  /** Gives it back; it is unloaded when nobody uses it and others came since. */
  release(): void;
}

interface LoadedGraph {
  readonly id: number;
  users: number;
}

/** By a digest of their bytes; the one used last stands last. */
const loaded = new Map<string, LoadedGraph>();

/** Graphs that nobody uses and that stay loaded for the next run of the same. */
const idleGraphs = 12;

export function openSession({ bytes, inputNames, outputNames }: GraphDefinition): Session {
  const key = createHash('sha256').update(bytes).digest('hex');
  const graph = loaded.get(key) ?? { id: load(bytes), users: 0 };
  loaded.delete(key);
  loaded.set(key, graph);
  graph.users++;
  let isOpen = true;
  return {
    run: (inputs) => nativeBackend().binding.runSavedModel(graph.id, inputs, inputNames, outputNames),
    release: () => {
      if (!isOpen) return;
      isOpen = false;
      graph.users--;
      unloadIdle(idleGraphs);
    },
  };
}

/** How many graphs are loaded. */
export const loadedGraphs = (): number => loaded.size;

/** Unloads graphs that nobody uses, those used longest ago first, until only so many are left. */
export function unloadIdle(kept = 0): void {
  const idle = [...loaded].filter(([, { users }]) => users === 0);
  for (const [key, { id }] of idle.slice(0, Math.max(0, idle.length - kept))) {
    loaded.delete(key);
    nativeBackend().binding.deleteSavedModel(id);
  }
}

/** The addon takes a graph from a folder. */
function load(bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'lab-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
    return nativeBackend().binding.loadSavedModel(folder, graphTag);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
