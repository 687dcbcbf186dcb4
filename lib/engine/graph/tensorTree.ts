/** The tensors that a step takes or gives: one, or a record or list of them, to any depth. */
import { tf } from '../tensorflow';

/** What is missing in a record stands there as null. */
export type TensorTree = tf.Tensor | null | readonly TensorTree[] | { readonly [name: string]: TensorTree };

export interface Leaf {
  /** Where it stands, such as "0.states.ids". */
  readonly path: string;
  readonly tensor: tf.Tensor;
}

/** The tensors of a tree, in its order. */
export function leavesOf(tree: TensorTree, path = ''): Leaf[] {
  if (tree === null) return [];
  if (tree instanceof tf.Tensor) return [{ path, tensor: tree }];
  return Object.entries(tree).flatMap(([name, part]) =>
    leavesOf(part, path === '' ? name : `${path}.${name}`),
  );
}

/** A tree of the same form, with other tensors in the same order. */
export function treeLike<T extends TensorTree>(form: T, tensors: Iterator<tf.Tensor>): T {
  const build = (part: TensorTree): TensorTree => {
    if (part === null) return null;
    if (part instanceof tf.Tensor) return tensors.next().value as tf.Tensor;
    if (Array.isArray(part)) return part.map(build);
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, build(inner)]));
  };
  return build(form) as T;
}

/** What two trees share when the same graph serves both: names, dtypes and shapes, and where there is nothing. */
export function formOf(tree: TensorTree): string {
  if (tree === null) return '-';
  if (tree instanceof tf.Tensor) return `${tree.dtype}[${tree.shape}]`;
  return `{${Object.entries(tree)
    .map(([name, part]) => `${name}:${formOf(part)}`)
    .join(' ')}}`;
}
