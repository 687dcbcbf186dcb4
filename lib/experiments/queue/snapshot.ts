/** All that another machine needs of a run's folder to go on with the run, or to show how it went. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { checkpointFiles, checkpointSteps } from '../run/checkpoints';
import { type RunSummary, runFiles } from '../run/runFolder';

export interface Manifest {
  /** Of the newest checkpoint; 0 without any. */
  readonly step: number;
  /** Path within the run's folder → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** How the run ended; null while it has not. */
  readonly ended: RunSummary | null;
}

export interface Snapshot {
  readonly manifest: Manifest;
  readonly bytes: ReadonlyMap<string, Buffer>;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A folder as it is, which a training may be writing. Checkpoints are read first: logs that are read later have each
 * row that a checkpoint counts on.
 */
export function snapshotOf(folder: string, ended: RunSummary | null): Snapshot {
  for (;;) {
    try {
      return readSnapshot(folder, ended);
    } catch (error) {
      // a newer checkpoint has just replaced the one that was being read
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function readSnapshot(folder: string, ended: RunSummary | null): Snapshot {
  const bytes = new Map<string, Buffer>();
  const pathsOf = (step: number) => checkpointFiles(step).map((name) => `${runFiles.checkpoints}/${name}`);
  const steps = checkpointSteps(join(folder, runFiles.checkpoints)).filter((step) =>
    pathsOf(step).every((path) => existsSync(join(folder, path))),
  );
  const names = steps.flatMap(pathsOf);
  for (const path of [...names, ...filesBesideCheckpoints(folder)]) {
    bytes.set(path, readFileSync(join(folder, path)));
  }
  const files = Object.fromEntries([...bytes].map(([path, content]) => [path, sha256(content)]));
  return { manifest: { step: steps.at(-1) ?? 0, files, ended }, bytes };
}

function filesBesideCheckpoints(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const known: readonly string[] = Object.values(runFiles).filter((name) => name !== runFiles.checkpoints);
  return readdirSync(folder).filter((name) => known.includes(name) || /^events\.out\.tfevents/.test(name));
}

/**
 * Writes files of a snapshot, each at once and whole, in an order in which every beginning of it is a folder that can be
 * resumed: logs before the checkpoints that count on them, a checkpoint's .json after the rest of it. Then checkpoints
 * that the manifest does not know leave. The summary comes last: a run that has one is never looked at again.
 */
export async function writeSnapshot(folder: string, { manifest, bytes }: Snapshot): Promise<void> {
  const write = async (path: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    await writeFileAtomic(join(folder, path), bytes.get(path)!);
  };
  const paths = [...bytes.keys()].filter((path) => path !== runFiles.summary);
  for (const path of paths.sort((a, b) => turnOf(a) - turnOf(b))) await write(path);
  const checkpoints = join(folder, runFiles.checkpoints);
  const kept = new Set(Object.keys(manifest.files).map((path) => basename(path)));
  const known = existsSync(checkpoints) ? readdirSync(checkpoints) : [];
  // .json sorts before .safetensors: without it the rest is no checkpoint
  for (const name of known.sort()) if (!kept.has(name)) rmSync(join(checkpoints, name), { force: true });
  if (bytes.has(runFiles.summary)) await write(runFiles.summary);
}

function turnOf(path: string): number {
  if (path === runFiles.config) return 0;
  if (dirname(path) !== runFiles.checkpoints) return 1;
  return path.endsWith('.json') ? 3 : 2;
}
