'use strict';
// Functions and objects of JavaScript that the library calls.
//
// Each callback of C is registered once. It finds the object by the number that the library hands it as `user`. An
// exception does not pass through C: it becomes a number, and the call that ran the callback throws it again. The
// library may call from another thread; koffi then runs the function here as soon as the event loop is free.

const {koffi, C, check, calls, keepError, keepLate, throwLate, matrix, viewOf, structs, options, result, structAt,
  size, text} = require('./core.js');

const kept = new Map();
let last = 0n;

// A number for something that the library holds.
function keep(thing) {
  kept.set(++last, thing);
  return last;
}

function forget(user) {
  if (user) kept.delete(BigInt(user));
}

// After a failure the library has kept nothing.
function checked(status, user) {
  if (status !== 0) forget(user);
  check(status);
}

function register(answer, kinds, run) {
  return koffi.register(run, koffi.pointer(koffi.proto(answer, ['void *', ...kinds])));
}

const find = (user) => kept.get(BigInt(user));

// What `make` makes with the number of a thing. If it fails, nothing is kept.
function keeping(thing, make) {
  const user = keep(thing);
  try {
    return make(user);
  } catch (error) {
    forget(user);
    throw error;
  }
}

// Runs a function as a callback.
function inside(run) {
  calls.depth++;
  try {
    const answer = run();
    if (typeof answer?.then === 'function') {
      answer.then(undefined, () => {});
      throw new TypeError('a callback cannot be an async function: the library waits for its answer');
    }
    return answer;
  } finally {
    calls.depth--;
  }
}

function textOf(error) {
  try {
    return String(error).replaceAll('\0', ' ');
  } catch {
    return 'an error without a text';
  }
}

// A callback that answers a status.
function status(kinds, run) {
  return register('int32_t', kinds, (user, ...given) => {
    try {
      return inside(() => {
        throwLate();
        return run(find(user), ...given);
      }) ?? 0;
    } catch (error) {
      return C.dni_fail(keepError(error), textOf(error));
    }
  });
}

// A callback that answers no status: what it throws is thrown later, and it answers a default.
function plain(answer, fallback, kinds, run) {
  return register(answer, kinds, (user, ...given) => {
    try {
      return inside(() => run(find(user), ...given));
    } catch (error) {
      keepLate(error);
      return fallback;
    }
  });
}

// What the library hands to a callback: matrices are dni.Matrix or null, the rest are numbers.
function callOf(name, address) {
  const {fields} = structs[name], struct = structAt(name, BigInt(address)), values = result(name, struct);
  for (const [key, [offset, kind]] of Object.entries(fields)) {
    if (kind === 'matrix') values[key] = viewOf(struct.u64[offset / 8]);
  }
  return values;
}

function method(name, kind) {
  return status(['void *'], (part, address) => {
    const call = callOf(kind, address), ownLoss = call.ownLoss;
    const answer = part[name](call);
    if (ownLoss && call.ownLoss !== ownLoss) new Float64Array(koffi.view(ownLoss, 8))[0] = call.ownLoss;
    return typeof answer?.then === 'function' ? answer : 0;
  });
}

function fill(address, m) {
  new Uint8Array(koffi.view(BigInt(address), m.view.length)).set(m.view);
}

function store(address, Kind, value) {
  new Kind(koffi.view(BigInt(address), 8))[0] = value;
}

const functions = {
  forward: method('forward', 'dni_layer_call'),
  backward: method('backward', 'dni_layer_call'),
  evaluate: method('evaluate', 'dni_loss_call'),
  correct: method('correct', 'dni_loss_call'),
  estimate: method('estimate', 'dni_sg_call'),
  learn: method('learn', 'dni_sg_call'),
  product: method('product', 'dni_product'),
  parameter: status(['size_t', 'void *', 'void *'], (part, index, value, gradient) => {
    const [own, its] = part.parameters()[Number(index)];
    fill(value, own);
    if (its) fill(gradient, its);
  }),
  setThreads: status(['size_t'], (part, threads) => part.setThreads(Number(threads))),
  stateBytes: plain('size_t', 0, ['size_t'], (part, rows) => size(part.stateBytes(Number(rows)))),
  changed: plain('void', undefined, [], (part) => part.changed()),
  copy: status(['void *'], (part, copy) => store(copy, BigUint64Array, keep(part.copy()))),
  fetch: status(['void *', 'size_t', 'void *', 'void *'], (source, indices, count, x, y) => {
    const chosen = new BigUint64Array(koffi.view(BigInt(indices), Number(count) * 8));
    source.fetch(Array.from(chosen, Number), viewOf(x && BigInt(x)), viewOf(y && BigInt(y)));
  }),
};

const destroy = register('void', [], forget);

const metric = status(['void *', 'void *'], (run, address, value) => {
  const {x, y, weights} = callOf('dni_batch', address);
  store(value, Float64Array, run(x, y, weights));
});

const schedule = plain('double', 0, ['uint64_t'], (run, step) => {
  const value = run(Number(step));
  if (typeof value !== 'number') throw new TypeError(`a schedule answers a number, not ${typeof value}`);
  return value;
});

const log = plain('void', undefined, ['int32_t', 'const char *'], (run, level, line) =>
  void run(level === 2 ? 'warning' : 'information', line));

const step = status(['void *'], (run, address) => {
  const answer = run(result('dni_step_report', structAt('dni_step_report', BigInt(address))));
  return typeof answer?.then === 'function' ? answer : Number(Boolean(answer));
});

// Batches of an iterator, of [x, y] or [x, y, weights].
const next = status(['void *'], (holder, address) => {
  if (!holder.batches[Symbol.iterator]) throw new TypeError('batches come from an iterable that is not async');
  holder.iterator ??= holder.batches[Symbol.iterator]();
  const {value, done} = holder.iterator.next();
  holder.latest = done ? [] : value;
  const batch = new BigUint64Array(koffi.view(BigInt(address), structs.dni_batch.size));
  for (const [place, m] of [0, 1, 2].map((i) => [i + 1, matrix(holder.latest[i])])) {
    batch[place] = m ? koffi.address(m) : 0n;
  }
});
const position = status(['void *'], (holder, to) => store(to, BigUint64Array, BigInt(holder.batches.position())));
const seek = status(['uint64_t'], (holder, to) => holder.batches.seek(Number(to)));

const write = status(['void *', 'size_t'], (run, bytes, count) =>
  void run(Buffer.from(koffi.view(BigInt(bytes), Number(count)))));

const read = status(['void *', 'size_t', 'void *'], (run, bytes, count, got) => {
  const piece = run(Number(count)) ?? [];
  if (piece.length > count) throw new RangeError('more bytes than were asked for');
  if (piece.length) new Uint8Array(koffi.view(BigInt(bytes), Number(count))).set(piece);
  store(got, BigUint64Array, BigInt(piece.length));
});

// A struct of callbacks that call the methods of `part`.
function table(name, part, required, optional, more = {}) {
  for (const method of required) {
    if (typeof part[method] !== 'function') throw new TypeError(`the part has no method ${method}()`);
  }
  const fields = {...more, destroy};
  for (const method of [...required, ...optional]) {
    if (part[method]) fields[method] = functions[method];
  }
  if (part.parameters) Object.assign(fields, {parameter: functions.parameter, parameterCount: part.parameters().length});
  return keeping(part, (user) => ({struct: options(name, {...fields, user}), user}));
}

// Into a path, or to a function of pieces; from a path, or from a function that gives pieces.
function save(handle, file, toPath, toWriter) {
  if (typeof file !== 'function') return check(toPath(handle, text(file)));
  const user = keep(file);
  const answer = toWriter(handle, options('dni_writer', {user, write}));
  forget(user);
  return check(answer);
}

function load(handle, file, fromPath, fromReader, more) {
  if (typeof file !== 'function') return check(fromPath(handle, text(file), more));
  const user = keep(file);
  const answer = fromReader(handle, options('dni_reader', {user, read}), more);
  forget(user);
  return check(answer);
}

module.exports = {kept, keep, keeping, forget, checked, table, destroy, metric, schedule, log, step, next, position, seek, save,
  load};
