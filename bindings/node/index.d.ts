// Types of libdni for Node.js: what index.js and trainer.js write by hand. methods.d.ts has the rest.

import * as methods from './methods';
export * from './methods';

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Rows of numbers in a typed array, which the library reads and writes in place. */
export class Matrix {
  constructor(data: Numbers, rows: number, columns: number, stride?: number);
  readonly data: Numbers;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  get(row: number, column?: number): number;
  set(row: number, column: number, value: number): void;
  row(row: number): Numbers;
  slice(first: number, rows: number): Matrix;
}
export function zeros(rows: number, columns: number, kind?: Function): Matrix;
export function labels(values: number | ArrayLike<number>): Matrix;

/** A failure of the library: `status` is its number, `code` its name, for example "ERROR_ARGUMENT". */
export class DniError extends Error {
  status: number;
  code: string;
}

export const ALL: number;
export const NONE: number;
export const enums: Record<string, Record<string, number>>;

/** What a call found or did: the fields of its struct in camel case. */
export type Report = Record<string, any>;
/** What a callback is given: matrices or null, and numbers. */
export type Call = Record<string, any>;
export type Schedule = ((step: number) => number) | Record<string, any>;
export type Metric = (h: Matrix, y: Matrix, weights: Matrix | null) => number;
export type ToFile = string | ((piece: Uint8Array) => void);
export type FromFile = string | ((size: number) => Uint8Array | null);

export interface Part {
  parameters?(): [Matrix, Matrix | null][];
  changed?(): void;
}
export interface LayerPart extends Part {
  forward(call: Call): void;
  backward(call: Call): void;
  stateBytes?(rows: number): number;
  copy?(): LayerPart;
}
export interface LossPart {
  evaluate(call: Call): void;
  correct?(call: Call): void;
}
export interface SGPart extends Part {
  needs?: methods.NeedsName;
  learns?: methods.LearnsName;
  estimate(call: Call): void;
  learn?(call: Call): void;
}
export interface ProductPart {
  f32?: number;
  f64?: number;
  bf16?: number;
  product(call: Call): void;
  setThreads?(threads: number): void;
}
export interface Source {
  examples: number;
  features: number;
  targets?: number;
  classes?: number;
  fetch(indices: number[], x: Matrix | null, y: Matrix | null): void;
}

export class Context extends methods.ContextMethods {
  constructor(options?: {seed?: number | bigint; dtype?: methods.DtypeName; compute?: methods.DtypeName;
    instructions?: methods.InstructionsName; backend?: Backend; log?: (level: string, line: string) => void});
}
export class Backend extends methods.BackendMethods {
  static callback(part: ProductPart, options?: {threads?: number}): Backend;
}
export class Layer extends methods.LayerMethods {
  static callback(context: Context, inputs: number, outputs: number, part: LayerPart): Layer;
  forward(x: Matrix, options?: {y?: Matrix; mode?: methods.ModeName; state?: State}): Matrix;
  backward(x: Matrix, y: Matrix, dy: Matrix, dx?: Matrix | null,
    options?: {flags?: methods.GradientFlagsName; state?: State}): Matrix | null;
  parameter(index: number): [Matrix, Matrix | null];
}
export class State extends methods.StateMethods {
  constructor(layer: Layer, rows: number);
}
export class Loss extends methods.LossMethods {
  static callback(context: Context, part: LossPart): Loss;
  evaluate(h: Matrix, y: Matrix, options?: {weights?: Matrix; delta?: Matrix; perExample?: Matrix}): number;
  countCorrect(h: Matrix, y: Matrix, weights?: Matrix): number;
}
export class Optimiser extends methods.OptimiserMethods {
  setSchedule(schedule: Schedule | null): void;
  add(value: Matrix, gradient: Matrix): void;
}
export class SG extends methods.SGMethods {
  static callback(context: Context, units: number, targets: number, part: SGPart,
    options?: {signalUnits?: number}): SG;
  estimate(h?: Matrix | null, y?: Matrix | null,
    options?: {signal?: Matrix; weights?: Matrix; losses?: Matrix; delta?: Matrix}): Matrix;
  learn(h?: Matrix | null, y?: Matrix | null, target?: Matrix | null,
    options?: {losses?: Matrix; prediction?: Matrix; weights?: Matrix; flags?: methods.GradientFlagsName}): Report;
  parameter(index: number): [Matrix, Matrix | null];
  setSchedule(schedule: Schedule | null): void;
}
export class Network extends methods.NetworkMethods {
  constructor(context: Context, ...layers: Layer[]);
  predict(x: Matrix, h?: Matrix): Matrix;
  evaluate(loss: Loss, dataset: Dataset, metric?: Metric): Report;
  save(file: ToFile): void;
  static load(context: Context, file: FromFile): Network;
}
export class Predictor extends methods.PredictorMethods {
  constructor(network: Network, rows?: number);
  run(x: Matrix, options?: {h?: Matrix; after?: number}): Matrix;
}
export class Dataset extends methods.DatasetMethods {
  static memory(context: Context, x: Matrix, y: Matrix,
    options?: {factor?: number; offset?: number; classes?: number; unchecked?: boolean}): Dataset;
  static callback(context: Context, source: Source): Dataset;
  batch(first: number, x: Matrix | null, y?: Matrix | null): void;
  gather(indices: BigUint64Array | ArrayLike<number>, x: Matrix | null, y?: Matrix | null): void;
  split(count: number, options?: {shuffle?: boolean; seed?: number | bigint}): [Dataset, Dataset];
}
export class Order extends methods.OrderMethods {
  constructor(dataset: Dataset, options?: {seed?: number | bigint});
  readonly indices: BigUint64Array;
  state: BigUint64Array;
}
export class Checkpoint extends methods.CheckpointMethods {
  constructor(context: Context);
  addMatrix(name: string, matrix: Matrix): void;
  addCount(name: string, array: BigUint64Array): void;
  addReal(name: string, array: Float64Array): void;
  save(file: ToFile): void;
  load(file: FromFile, options?: {finite?: number}): void;
}
export class Guard extends methods.GuardMethods {
  constructor(optimiser: Optimiser, options?: Record<string, any>);
}

export interface TrainerOptions {
  optimiser?: Optimiser;
  sgOptimiser?: Optimiser;
  maxBatch?: number;
  schedule?: methods.ScheduleKindName;
  measureGradientNorm?: number;
  updateProbability?: number;
  threads?: number;
  inFlight?: number;
  microBatches?: number;
  trainedModules?: number;
  layerThread?: ArrayLike<number>;
  balance?: methods.BalanceKindName;
  seed?: number | bigint;
  metric?: Metric;
  /** "bf16": outputs inside modules take half the memory. */
  activations?: methods.DtypeName;
}
export interface FitOptions {
  batch?: number;
  epochs?: number;
  steps?: number;
  /** Called after steps; a true answer stops the fit. */
  callback?: (report: Report) => unknown;
  callbackEvery?: number;
  settleEvery?: number;
  keepOrder?: number;
  keepRest?: number;
  seed?: number | bigint;
  validation?: Dataset;
  validateEvery?: number;
  patience?: number;
  best?: Network;
  checkpoint?: string;
  checkpointEvery?: number;
  checkpointMayFail?: number;
  anew?: number;
}
export class Trainer extends methods.TrainerMethods {
  constructor(network: Network, loss: Loss, options?: TrainerOptions);
  step(x: Matrix, y: Matrix, weights?: Matrix): Report;
  flush(): void;
  report(): Report;
  fit(dataset: Dataset, options?: FitOptions): Promise<void>;
  fitSync(dataset: Dataset, options?: FitOptions): void;
  fitStream(batches: Iterable<[Matrix, Matrix, Matrix?]>, options?: FitOptions): Promise<void>;
  cancel(): void;
  save(file: ToFile): void;
  load(file: FromFile, options?: {finite?: number}): void;
  record(steps: number): Matrix;
  replay(lags: Matrix): void;
}
export function scheduleValue(schedule: Schedule, step: number): number;
