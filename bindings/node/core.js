'use strict';
// What all classes are made of: handles, structs, enumerations, matrices, errors.
//
// koffi calls the library. Structs are buffers that are filled in here, at the places that interface.js says, so
// nothing is converted or copied: a matrix is a typed array that the library reads and writes in place.

const koffi = require('koffi');
const {prototypes, structs, enums, handles} = require('./interface.js');

if (koffi.sizeof('void *') !== 8) throw new Error('libdni for Node.js needs a system with 64 bits');

const path = process.env.DNI_LIBRARY || 'libdni.so.0';
const library = load();

function load() {
  try {
    return koffi.load(path);
  } catch (error) {
    throw new Error(`libdni is not found (${path}): install it, or name the file in DNI_LIBRARY`, {cause: error});
  }
}

// Every function of the library by its C name, made when it is first used.
const C = new Proxy({}, {
  get(made, name) {
    if (!made[name]) {
      const [answer, kinds] = prototypes[name];
      made[name] = library.func(name, answer, kinds);
    }
    return made[name];
  },
});

// Errors. ------------------------------------------------------------------------------------------

// A failure of the library: `status` is its number, `code` its name. What a function of the caller's throws goes
// through the library under a number, and comes out as itself.
class DniError extends Error {
  constructor(message, status) {
    super(message);
    this.name = 'DniError';
    this.status = status;
    this.code = status >= 1000 ? 'CALLER' : C.dni_status_name(status).replace('DNI_', '');
  }
}

const FIRST = 1000000000;
const thrown = new Map();
let next = 0;

function keepError(error) {
  const number = FIRST + next++ % FIRST;
  thrown.set(number, error);
  if (thrown.size > 256) thrown.delete(thrown.keys().next().value);  // failures that were passed over
  return number;
}

function failure(status, message) {
  if (!thrown.has(status)) return new DniError(message, status);
  const error = thrown.get(status);
  thrown.delete(status);
  return error;
}

// What a callback threw that answers no status: the next callback that can fail, or the end of a call, throws it.
let late = [];

function keepLate(error) {
  late.push(error);
}

function throwLate() {
  if (late.length === 0) return;
  const [error] = late;
  late = [];
  throw error;
}

function check(status) {
  const message = status === 0 ? '' : C.dni_last_message();
  if (calls.depth === 0) calls.closed.splice(0).forEach((release) => release());
  throwLate();
  if (status !== 0) throw failure(status, message);
}

// Callbacks that are running, and what was closed in one: the call that runs it may use that until it is over.
const calls = {depth: 0, closed: []};

// Numbers, enumerations, texts. --------------------------------------------------------------------

// "All" and "none", where a number of layers, modules or steps is asked for or answered.
const ALL = Infinity;
const SIZE_MAX = 0xffffffffffffffffn;

function size(value) {
  if (value === ALL) return SIZE_MAX;
  if (typeof value === 'bigint' ? value < 0n || value > SIZE_MAX : !Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a whole number, not ${value}`);
  }
  return value;
}

function integer(value) {
  if (typeof value === 'boolean') return Number(value);
  if (!Number.isInteger(value) || value !== (value | 0)) throw new TypeError(`expected a whole number, not ${value}`);
  return value;
}

// A text that C can have.
function text(value) {
  if (typeof value !== 'string') throw new TypeError(`expected a text, not ${typeof value}`);
  if (value.includes('\0')) throw new TypeError('a text with a zero character in it');
  return value;
}

function enumValue(name, value) {
  if (typeof value === 'number') return integer(value);
  const key = String(value).toLowerCase().replace(/[- ]/g, '_');
  if (!Object.hasOwn(enums[name], key)) {
    throw new RangeError(`${value} is none of ${Object.keys(enums[name]).join(', ')}`);
  }
  return enums[name][key];
}

// A number of the library as one of JavaScript; the largest size_t is ALL.
function fromSize(value) {
  return value === SIZE_MAX ? ALL : Number(value);
}

function numbers(array) {
  return Array.from(array, fromSize);
}

// Matrices. ----------------------------------------------------------------------------------------

const DTYPES = new Map([[Float32Array, 1], [Float64Array, 2], [Uint8Array, 5], [Int32Array, 6], [Buffer, 5]]);
const ARRAYS = {1: Float32Array, 2: Float64Array, 5: Uint8Array, 6: Int32Array};

// Rows of numbers: `data` is a typed array, whose element (r, c) is data[r * stride + c].
class Matrix {
  constructor(data, rows, columns, stride = columns) {
    const dtype = DTYPES.get(data.constructor);
    if (!dtype) throw new TypeError('a matrix is a Float32Array, Float64Array, Int32Array or Uint8Array');
    if (size(stride) < size(columns) || (size(rows) > 0 && (rows - 1) * stride + columns > data.length)) {
      throw new RangeError(`${rows} rows of ${columns} numbers do not fit an array of ${data.length}`);
    }
    Object.assign(this, {data, rows, columns, stride});
    this.view = allocate('dni_matrix');
    this.view.array = data;
    this.address = koffi.address(this.view);  // of the view
    const {u64, i32} = this.view;
    u64[0] = data.length ? koffi.address(data) : 0n;
    u64[1] = BigInt(rows);
    u64[2] = BigInt(columns);
    u64[3] = BigInt(stride);
    i32[8] = dtype;
  }

  get(row, column = 0) { return this.data[row * this.stride + column]; }
  set(row, column, value) { this.data[row * this.stride + column] = value; }

  // One row, as a typed array on the same memory.
  row(row) { return this.data.subarray(row * this.stride, row * this.stride + this.columns); }

  // Some of the rows: a view of the same memory.
  slice(first, rows) {
    if (!(first >= 0 && rows >= 0 && first + rows <= this.rows)) throw new RangeError('rows that are not there');
    return new Matrix(this.data.subarray(first * this.stride), rows, this.columns, this.stride);
  }
}

// zeros(rows, columns), zeros(rows, columns, Float64Array)
function zeros(rows, columns, kind = Float32Array) {
  return new Matrix(new kind(size(rows) * size(columns)), rows, columns);
}

// labels([0, 3, 1]) or labels(count): classes [rows][1].
function labels(values) {
  return new Matrix(typeof values === 'number' ? new Int32Array(size(values)) : Int32Array.from(values),
    typeof values === 'number' ? values : values.length, 1);
}

function matrix(m) {
  if (m === null || m === undefined) return null;
  if (!(m instanceof Matrix)) throw new TypeError('expected a dni.Matrix');
  const {data, rows, columns, stride} = m;
  if (rows > 0 && (rows - 1) * stride + columns > data.length) {
    throw new RangeError('the memory of a matrix was transferred or has become smaller');
  }
  return m.view;
}

// What the library views at an address, during a callback or as long as `owner` lives.
function viewOf(address, owner) {
  if (!address) return null;
  const [data, rows, columns, stride] = new BigUint64Array(koffi.view(address, 32));
  const dtype = new Int32Array(koffi.view(address + 32n, 4))[0], Kind = ARRAYS[dtype];
  const count = rows ? Number((rows - 1n) * stride + columns) : 0;
  const memory = count ? new Kind(koffi.view(data, count * Kind.BYTES_PER_ELEMENT)) : new Kind(0);
  memory.buffer.owner = owner;  // for typed arrays on the same memory too
  return new Matrix(memory, Number(rows), Number(columns), Number(stride));
}

// Structs. -----------------------------------------------------------------------------------------

// A struct of zeros, seen as bytes and as numbers. What it points to lives as long as it does.
function allocate(name) {
  const memory = new ArrayBuffer(structs[name].size);
  const struct = new Uint8Array(memory);
  struct.u64 = new BigUint64Array(memory);
  struct.i32 = new Int32Array(memory);
  struct.f64 = new Float64Array(memory);
  struct.anchors = [];
  return struct;
}

const put = {
  size(struct, offset, value) { struct.u64[offset / 8] = BigInt(size(value)); },
  whole(struct, offset, value) {
    if (value === ALL) throw new RangeError('expected a whole number, not Infinity');
    struct.u64[offset / 8] = BigInt(size(value));
  },
  integer(struct, offset, value) { struct.i32[offset / 4] = integer(value); },
  real(struct, offset, value) {
    if (typeof value !== 'number') throw new TypeError(`expected a number, not ${typeof value}`);
    struct.f64[offset / 8] = value;
  },
  enum(struct, offset, value, name) { struct.i32[offset / 4] = enumValue(name, value); },
  pointer(struct, offset, value) { struct.u64[offset / 8] = BigInt(value ?? 0n); },
  handle(struct, offset, value, thing) {
    struct.u64[offset / 8] = pointer(value, thing) ?? 0n;
    struct.anchors.push(value);
  },
  matrix(struct, offset, value) { point(struct, offset, matrix(value)); },
  text(struct, offset, value) { point(struct, offset, Buffer.from(`${text(value)}\0`)); },
  array(struct, offset, value, kind, length, fields) {
    const array = list(kind, value);
    point(struct, offset, array);
    put.size(struct, fields[length][0], array.length);
  },
};

function point(struct, offset, memory) {
  struct.u64[offset / 8] = memory && memory.length ? koffi.address(memory) : 0n;
  struct.anchors.push(memory);
}

// A typed array of numbers.
function list(kind, values) {
  const Kind = globalThis[kind];
  if (values instanceof Kind) return values;
  return Kind === BigUint64Array ? Kind.from(values, (value) => BigInt(size(value))) : Kind.from(values);
}

// A struct with its size and the fields of an object; null for null, the defaults of a call. `allowed`: the names
// that the object may have.
function options(name, given, allowed) {
  if (!given) return null;
  const struct = report(name), {fields} = structs[name];
  for (const [key, value] of Object.entries(given)) {
    if (!(allowed ?? Object.keys(fields)).includes(key)) throw new TypeError(`${name} has no option ${key}`);
    if (value === undefined || value === null) continue;
    const [offset, kind, ...more] = fields[key];
    put[kind](struct, offset, value, ...more, fields);
    const flag = fields[`has${key[0].toUpperCase()}${key.slice(1)}`];
    if (flag) struct.i32[flag[0] / 4] = 1;
  }
  return struct;
}

function report(name) {
  const struct = allocate(name);
  struct.u64[0] = BigInt(structs[name].size);
  return struct;
}

// A report as an object, with its arrays copied. `views` keeps views of arrays that stay where they are.
function result(name, struct, views = null) {
  const values = {}, fields = shown(name), {u64, i32, f64} = struct;
  for (let i = 0; i < fields.length; i++) {
    const {key, kind, at, Kind, length} = fields[i];
    switch (kind) {
      case 'real': values[key] = f64[at / 8]; break;
      case 'integer': case 'enum': values[key] = i32[at / 4]; break;
      case 'size': case 'whole': values[key] = fromSize(u64[at / 8]); break;
      case 'array': values[key] = copied(u64[at / 8], Kind, Number(u64[length / 8]), views); break;
      default: values[key] = u64[at / 8];
    }
  }
  return values;
}

function copied(address, Kind, count, views) {
  if (!address) return null;
  let view = views?.get(address);
  if (!view || view.length !== count) {
    view = new Kind(koffi.view(address, count * Kind.BYTES_PER_ELEMENT));
    views?.set(address, view);
  }
  return Kind === BigUint64Array ? numbers(view) : Array.from(view);
}

// What a report shows: each field's key, what it is, and where.
const lists = {};
function shown(name) {
  const {fields} = structs[name];
  return lists[name] ??= Object.keys(fields).filter((key) => key !== 'structSize' && key !== 'reserved').map((key) => {
    const [at, kind, element, length] = fields[key];
    return {key, kind, at, Kind: globalThis[element], length: kind === 'array' ? fields[length][0] : 0};
  });
}

// The struct at an address, of which the library has filled in the first bytes.
function structAt(name, address) {
  const struct = allocate(name);
  const length = Number(new BigUint64Array(koffi.view(address, 8))[0]);
  struct.set(new Uint8Array(koffi.view(address, Math.min(length, structs[name].size))));
  return struct;
}

// Handles. -----------------------------------------------------------------------------------------

const classes = {};
const registry = new FinalizationRegistry(({thing, address}) => C[`dni_${thing}_release`](address));

// One reference to an object of the library. The collector gives it back, or close(), in any order.
class Handle {
  static thing = '';

  close() {
    const address = this.address;
    this.address = null;
    if (!address) return;
    registry.unregister(this);
    const release = () => C[`dni_${this.constructor.thing}_release`](address);
    if (calls.depth > 0) calls.closed.push(release); else release();
  }
}

// References for the time of a call on another thread; what is answered gives them back.
function retained(objects) {
  const held = objects.filter(Boolean).map((object) => [object.constructor.thing, pointer(object, object.constructor.thing)]);
  held.forEach(([thing, address]) => C[`dni_${thing}_retain`](address));
  return () => held.forEach(([thing, address]) => C[`dni_${thing}_release`](address));
}

// An object with named values of which all are in a list.
function named(given, allowed, what) {
  for (const key of Object.keys(given ?? {})) {
    if (!allowed.includes(key)) throw new TypeError(`${what} has no option ${key}`);
  }
  return given ?? {};
}

// Give a new object its reference. It shares the context of `source`.
function hold(object, address, source) {
  object.address = address;
  object.context = source ? source.context ?? source : object;
  registry.register(object, {thing: object.constructor.thing, address}, object);
  return object;
}

function adopt(thing, address, source) {
  return hold(Object.create(classes[thing].prototype), address, source);
}

// An object for a pointer that is not ours: it takes a reference. null for NULL.
function borrow(thing, address, source) {
  if (!address) return null;
  C[`dni_${thing}_retain`](address);
  return adopt(thing, BigInt(address), source);
}

function pointer(object, thing) {
  if (object === null || object === undefined) return null;
  if (!(object instanceof Handle) || object.constructor.thing !== thing) {
    throw new TypeError(`expected a ${thing}, not ${object.constructor?.name ?? typeof object}`);
  }
  if (!object.address) throw new Error(`the ${thing} is closed`);
  if (object.isBusy) throw new Error(`the ${thing} is at work: wait for the promise of its fit`);
  return object.address;
}

module.exports = {koffi, library, path, C, DniError, keepError, keepLate, throwLate, failure, check, calls, ALL, size,
  integer, text, retained, named, enumValue, numbers, Matrix,
  zeros, labels, matrix, viewOf, allocate, options, list, report, result, structAt, classes, Handle, hold, adopt,
  borrow, pointer, structs, enums, handles};
