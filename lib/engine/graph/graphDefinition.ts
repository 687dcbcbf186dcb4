/**
 * A recording as a TensorFlow graph, in the format of a SavedModel: the one that the native engine's addon loads.
 * The message classes come with tfjs-node.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nativeTypes, type OperationAttribute } from '../kernels/nativeKernel';
import type { tf } from '../tensorflow';
import { nativeBackend, nativeId } from './nativeBackend';
import type { RecordedConstant, Recording } from './recording';
import { programAttribute, programOutput } from './xla';

/** A value that a call gives the graph: the input at this place, or a variable. */
export type Feed = { readonly input: number } | { readonly variable: tf.Variable };

export interface GraphDefinition {
  /** A SavedModel. */
  readonly bytes: Uint8Array;
  readonly feeds: readonly Feed[];
  /** Names of what is fed and fetched, with commas between them. */
  readonly inputNames: string;
  readonly outputNames: string;
}

/** The tag under which a SavedModel's graph is found. */
export const graphTag = 'step';

/** TensorFlow's GraphDef version, whose defaults for attributes hold. */
const producer = 1645;

/**
 * @param inputs  the tensors that the step took
 * @param outputs those that it gave; after them come the new values of the variables that it assigned
 * @param xla     whether all that lies between what is fed and what is fetched becomes one program of XLA's
 */
export function defineGraph(
  { operations, constants, variables, assigned }: Recording<unknown>,
  inputs: readonly tf.Tensor[],
  outputs: readonly tf.Tensor[],
  { xla }: { readonly xla: boolean },
): GraphDefinition {
  const { messages, attributeValue, typeValue, textValue, shapeOf } = protocol();
  const nodes: NodeMessage[] = [];
  const feeds: Feed[] = [];
  const inputNames: string[] = [];
  /** Where the tensor with this number comes from: "node:output". */
  const sources = new Map<number, string>();
  /** Beside the attributes of each node but those that are fed and fetched. */
  const inProgram: Readonly<Record<string, object>> = xla ? { [programAttribute]: textValue('step') } : {};

  function addNode(
    operation: string,
    from: readonly string[],
    attributes: Readonly<Record<string, object>>,
  ): string {
    const node = new messages.NodeDef();
    const name = `n${nodes.length}`;
    node.setName(name);
    node.setOp(operation);
    node.setInputList([...from]);
    const map = node.getAttrMap();
    for (const [attribute, value] of Object.entries(attributes)) map.set(attribute, value);
    nodes.push(node);
    return name;
  }

  function addFeed(id: number, { dtype, shape }: tf.Tensor, feed: Feed): string {
    const shapeValue = new messages.AttrValue();
    shapeValue.setShape(shapeOf(shape));
    const name = `${addNode('Placeholder', [], { dtype: typeValue(nativeTypes[dtype]!), shape: shapeValue })}:0`;
    feeds.push(feed);
    inputNames.push(name);
    sources.set(id, name);
    return name;
  }

  function addConstant(id: number, { dtype, shape, bytes }: RecordedConstant): string {
    const tensor = new messages.Tensor();
    tensor.setDtype(dtype);
    tensor.setTensorShape(shapeOf(shape));
    tensor.setTensorContent(bytes);
    const value = new messages.AttrValue();
    value.setTensor(tensor);
    const name = `${addNode('Const', [], { dtype: typeValue(dtype), value, ...inProgram })}:0`;
    sources.set(id, name);
    return name;
  }

  function sourceOf(id: number): string {
    const known = sources.get(id);
    if (known) return known;
    const variable = variables.get(id);
    if (variable) return addFeed(id, variable, { variable });
    return addConstant(id, constants.get(id)!);
  }

  /** What is fetched is always an operation's: an input that is handed through, or a constant, gets one. */
  function addFetch(tensor: tf.Tensor): string {
    const type = { T: typeValue(nativeTypes[tensor.dtype]!) };
    const then = (operation: string, from: string, more: Readonly<Record<string, object>> = {}) =>
      `${addNode(operation, [from], { ...type, ...more })}:0`;
    const made = then('Identity', sourceOf(nativeId(tensor)), inProgram);
    return xla ? then('Identity', then(programOutput, made)) : made;
  }

  inputs.forEach((tensor, input) => {
    addFeed(nativeId(tensor), tensor, { input });
  });
  for (const operation of operations) {
    const attributes = operation.attributes.map((attribute) => [attribute.name, attributeValue(attribute)]);
    const from = operation.inputs.map(sourceOf);
    const name = addNode(operation.name, from, { ...Object.fromEntries(attributes), ...inProgram });
    operation.outputs.forEach(({ id }, i) => {
      sources.set(id, `${name}:${i}`);
    });
  }
  const outputNames = [...outputs, ...assigned].map(addFetch);

  const graph = new messages.GraphDef();
  graph.setNodeList(nodes);
  const version = new messages.VersionDef();
  version.setProducer(producer);
  graph.setVersions(version);
  const information = new messages.MetaGraphDef.MetaInfoDef();
  information.setTagsList([graphTag]);
  const metaGraph = new messages.MetaGraphDef();
  metaGraph.setMetaInfoDef(information);
  metaGraph.setGraphDef(graph);
  const model = new messages.SavedModel();
  model.setSavedModelSchemaVersion(1);
  model.setMetaGraphsList([metaGraph]);
  return {
    bytes: model.serializeBinary(),
    feeds,
    inputNames: inputNames.join(),
    outputNames: outputNames.join(),
  };
}

interface Message {
  serializeBinary(): Uint8Array;
}

interface NodeMessage extends Message {
  setName(name: string): void;
  setOp(operation: string): void;
  setInputList(inputs: string[]): void;
  getAttrMap(): { set(name: string, value: object): void };
}

/** A message class of protobuf, whose fields are set by methods. */
// biome-ignore lint/suspicious/noExplicitAny: generated code without types, used in this file alone
type MessageClass = new () => any;

type Messages = Readonly<
  Record<
    'NodeDef' | 'AttrValue' | 'Tensor' | 'TensorShape' | 'GraphDef' | 'VersionDef' | 'SavedModel',
    MessageClass
  >
> & { readonly MetaGraphDef: MessageClass & { readonly MetaInfoDef: MessageClass } };

let cachedProtocol: ReturnType<typeof makeProtocol> | undefined;

function protocol() {
  cachedProtocol ??= makeProtocol();
  return cachedProtocol;
}

function makeProtocol() {
  const requireFromProject = createRequire(join(process.cwd(), 'package.json'));
  const messages: Messages = requireFromProject('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js');
  const { binding } = nativeBackend();

  function shapeOf(shape: readonly number[]): object {
    const message = new messages.TensorShape();
    const dimensions = shape.map((size) => {
      const dimension = new (messages.TensorShape as unknown as { Dim: MessageClass }).Dim();
      dimension.setSize(size);
      return dimension;
    });
    message.setDimList(dimensions);
    return message;
  }

  function typeValue(dtype: number): object {
    const value = new messages.AttrValue();
    value.setType(dtype);
    return value;
  }

  function textValue(text: string): object {
    const value = new messages.AttrValue();
    value.setS(Buffer.from(text));
    return value;
  }

  function attributeValue({ name, type, value }: OperationAttribute): object {
    const message = new messages.AttrValue();
    const isList = Array.isArray(value);
    const list = () => {
      const values = new (messages.AttrValue as unknown as { ListValue: MessageClass }).ListValue();
      message.setList(values);
      return values;
    };
    switch (type) {
      case binding.TF_ATTR_TYPE:
        isList ? list().setTypeList(value) : message.setType(value);
        break;
      case binding.TF_ATTR_INT:
        isList ? list().setIList(value) : message.setI(value);
        break;
      case binding.TF_ATTR_FLOAT:
        isList ? list().setFList(value) : message.setF(value);
        break;
      case binding.TF_ATTR_BOOL:
        isList ? list().setBList(value) : message.setB(value);
        break;
      case binding.TF_ATTR_STRING:
        message.setS(Buffer.from(value as string));
        break;
      case binding.TF_ATTR_SHAPE:
        message.setShape(shapeOf(value as number[]));
        break;
      default:
        throw new Error(`the attribute "${name}" has a type, ${type}, that a graph has no room for.`);
    }
    return message;
  }

  return { messages, attributeValue, typeValue, textValue, shapeOf };
}
