/** With what a run was made. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engine, tf } from '../../engine/tensorflow';

export interface Provenance {
  /** null outside of git. */
  readonly commit: string | null;
  /** Whether files differ from the commit. */
  readonly changed: boolean;
  /** SHA-256 of the lab's TypeScript files, first 16 digits: equal for runs that the same code made. */
  readonly code: string;
  readonly engine: { readonly name: string; readonly version: string; readonly threads: number };
  readonly versions: Readonly<Record<string, string>>;
}

/** Asked once a process: what it has loaded does not change either. */
let known: Provenance | undefined;

export function provenance(): Provenance {
  known ??= {
    commit: git('rev-parse', 'HEAD') || null,
    changed: git('status', '--porcelain') !== '',
    code: codeDigest(),
    engine: { name: engine.name, version: engine.version, threads: engine.threads },
    versions: {
      node: process.versions.node,
      tfjs: tf.version_core,
      lab: (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version,
    },
  };
  return known;
}

function git(...args: readonly string[]): string {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

function codeDigest(): string {
  const hash = createHash('sha256');
  const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|cc)$/.test(name),
  );
  for (const name of files.sort()) hash.update(name).update(readFileSync(join('lib', name)));
  return hash.digest('hex').slice(0, 16);
}
