/**
 * Turns a cell's compiled code into the body of a generator function: each `await` of the cell itself becomes a
 * `yield`. The kernel drives the generator, so that it holds each stretch of a cell's code in its hands: it can stop
 * a stretch that computes without end, and ends a waiting cell where it waits.
 * Lines stay as they are.
 */
const { typescript } = require('../typescriptModules.cjs');

/** @typedef {import('@tslab/typescript-for-tslab').Node} Node */

/** Steps through what `for await` loops over; the names are unlikely to be a cell's own. */
const iterate = '$iterate';
const iterator = '$iterator';

/** Only in a module is `await (x)` no call of a function named await. */
const moduleMark = '\nexport {};';

/** @param {string} code */
function awaitsToYields(code) {
  const ts = typescript();
  const text = `${code}${moduleMark}`;
  const file = ts.createSourceFile('cell.js', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);

  /** @param {Node} node @returns {node is import('@tslab/typescript-for-tslab').ForOfStatement} */
  function isForAwait(node) {
    return ts.isForOfStatement(node) && node.awaitModifier !== undefined;
  }

  /** @param {Node} node @returns {string} the node's text with its awaits rewritten */
  function rewrite(node) {
    if (ts.isFunctionLike(node)) return text.slice(node.pos, node.end);
    if (ts.isAwaitExpression(node)) return `${leading(node)}(yield${rewrite(node.expression)})`;
    if (ts.isLabeledStatement(node) && isForAwait(node.statement)) {
      return `${leading(node)}${forAwait(node.statement, `${node.label.text}: `)}`;
    }
    if (isForAwait(node)) return `${leading(node)}${forAwait(node, '')}`;
    return rewriteChildren(node);
  }

  /** @param {Node} node */
  function rewriteChildren(node) {
    let rewritten = '';
    let done = node.pos;
    ts.forEachChild(node, (child) => {
      rewritten += text.slice(done, child.pos) + rewrite(child);
      done = child.end;
    });
    return rewritten + text.slice(done, node.end);
  }

  /** @param {Node} node the comments and blanks before it */
  function leading(node) {
    return text.slice(node.pos, node.getStart(file));
  }

  /**
   * `for await (const x of rows) body`, with the steps written out.
   * @param {import('@tslab/typescript-for-tslab').ForOfStatement} loop
   * @param {string} label
   */
  function forAwait({ initializer, expression, statement }, label) {
    const head = `${label}for (${iterator} = ${iterate}(${rewrite(expression)}); yield ${iterator}.next();)`;
    const body = `{ ${text.slice(initializer.pos, initializer.end)} = ${iterator}.value; ${rewrite(statement)} }`;
    return `{ let ${iterator}; try { ${head} ${body} } finally { yield ${iterator}?.close(); } }`;
  }

  return rewriteChildren(file).slice(0, -moduleMark.length);
}

/**
 * The iteration of one `for await` loop.
 * @template T
 * @param {AsyncIterable<T> | Iterable<T | PromiseLike<T>>} rows
 */
function iterateAwaited(rows) {
  const source = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let ended = false;
  return {
    /** @type {Awaited<T> | undefined} the row reached */
    value: undefined,
    /** Goes to the next row; false when there is none. */
    async next() {
      ended = true; // A source that throws has ended.
      const { done, value } = await source.next();
      ended = done === true;
      this.value = await value;
      return !ended;
    },
    /** Tells a source that has not ended that no more is wanted. */
    async close() {
      if (!ended) await source.return?.();
    },
  };
}

module.exports = { awaitsToYields, iterate, iterateAwaited };
