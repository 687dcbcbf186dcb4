/** XLA, TensorFlow's compiler of graphs to machine code: how it is asked, and what it answers. */
import { InputError } from '../../errors/inputError';

/**
 * The attribute of a program's nodes, whose value tells one program from another. TensorFlow makes them one operation
 * when the graph is loaded, whatever its settings are, and has XLA compile all of it at the first run, or fails.
 */
export const programAttribute = '_xla_compile_id';

/** The operation through which each value leaves a program; loading the graph takes it out, so it is not fetched. */
export const programOutput = 'XlaClusterOutput';

/** XLA cannot compile a step. */
export class XlaRefusal extends InputError {}

/** What TensorFlow says of a program that it cannot compile: of an operation without a kernel for XLA, and of a shape. */
const reasons: readonly (readonly [RegExp, (operation: string) => string])[] = [
  [/(\w+) \(No registered '/, (operation) => `runs ${operation}, which XLA does not know`],
  [
    /with op (\w+) must be a compile-time constant/,
    (operation) => `runs ${operation}, whose result has another shape for other values`,
  ],
];

/** @param error what the first run of the step's program threw */
export function refusalByXla(step: string, error: unknown): XlaRefusal {
  const said = String(error instanceof Error ? error.message : error);
  for (const [pattern, reason] of reasons) {
    const operation = pattern.exec(said)?.[1];
    if (operation) return new XlaRefusal(`XLA cannot compile the step "${step}": it ${reason(operation)}.`);
  }
  return new XlaRefusal(`XLA cannot compile the step "${step}": ${said.split('\n')[0]}`);
}
