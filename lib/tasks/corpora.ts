/** What a language model is pre-trained, fine-tuned, rewarded and evaluated with, read from files. */
import { type Fields, shown } from '../errors/fields';
import { InputError } from '../errors/inputError';
import type { Demonstration } from './additionCorpora';
import { parseJsonLines, textField } from './jsonLines';
import { readTextFile } from './textFile';

/** A question, the answer that earns a reward, and whether training may see it. */
export interface Question {
  readonly query: string;
  readonly answer: string;
  readonly split: 'train' | 'held out';
}

/**
 * Texts to pre-train on, one a line.
 * @throws InputError where there are none
 */
export async function readStatements(path: string): Promise<string[]> {
  const lines = (await readTextFile(path)).split(/\r?\n/u).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new InputError(`${path} holds no statements.`);
  return lines;
}

/**
 * Responses to fine-tune on, from JSON lines: {"query": "What is 2+2?", "response": "2+2 is 4"}.
 * @throws InputError one for all bad lines, each by its number and field
 */
export async function readDemonstrations(path: string): Promise<Demonstration[]> {
  return parseJsonLines(await readTextFile(path), path, 'demonstration', (fields) => ({
    query: textField(fields, 'query'),
    response: textField(fields, 'response'),
  }));
}

/**
 * Questions from JSON lines: {"query": "What is 2+2?", "answer": "4", "split": "train"}.
 * @throws InputError one for all bad lines, each by its number and field
 */
export async function readQuestions(path: string): Promise<Question[]> {
  return parseJsonLines(await readTextFile(path), path, 'question', (fields) => ({
    query: textField(fields, 'query'),
    answer: textField(fields, 'answer'),
    split: splitField(fields),
  }));
}

function splitField({ split }: Fields): Question['split'] {
  if (split === 'train' || split === 'held out') return split;
  throw new Error(`"split" is ${shown(split)}; expected "train" or "held out"`);
}
