/** On what was measured. */
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import process from 'node:process';
import { commit } from '../runner/provenance.mjs';

/** The processor's name. */
export const processor = () => cpus()[0]?.model ?? process.arch;

/**
 * To be asked before anything is measured: the load is what others do.
 * @returns {Record<string, string | number>}
 */
export function describeMachine() {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    processor: processor(),
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    load_before: Number((loadavg()[0] ?? 0).toFixed(2)),
    node: process.versions.node,
  };
}
