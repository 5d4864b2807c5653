-- libdni for LuaJIT: train neural networks whose layers do not wait for each other.
--
-- Names follow the C interface: dni_layer_create_dense(context, 784, 512, activation, &layer) is
-- dni.Layer.dense(context, 784, 512, "relu"), dni_trainer_step(trainer, ...) is trainer:step(...). Options are a
-- table at the end. A failure is an error, a table with `status` and `message`. Numbers of rows, layers and
-- so on count from 0, as in C.
--
--     local dni = require "dni"
--     local context = dni.Context.create {seed = 1}
--     local network = dni.Network.create(context, dni.Layer.dense(context, 2, 16, "tanh"), ...)
--
-- Lua runs on one thread. A trainer with threads is refused where a part of Lua's (a layer, a loss, a log, ...)
-- would be called on another one; data sets, steps and files of Lua's are called on the caller's.
jit.off(true, true)

local ffi = require "ffi"
local core = require "dni.core"
require "dni.methods"
local parts = require "dni.parts"

local C, check, own = core.C, core.check, core.own
local pointer, size, enum, matrix, options = core.pointer, core.size, core.enum, core.matrix, core.options
local classes = core.classes

local dni = {
  Context = classes.context, Backend = classes.backend, Layer = classes.layer, State = classes.state,
  Loss = classes.loss, Optimiser = classes.optimiser, SG = classes.sg, Network = classes.network,
  Predictor = classes.predictor, Dataset = classes.dataset, Order = classes.order,
  Trainer = classes.trainer, Checkpoint = classes.checkpoint, Guard = classes.guard,
  matrix = core.new, labels = core.labels, enums = core.enums, name_of = core.name_of,
  ALL = core.ALL, NONE = core.ALL, research = core.library,
}
for name, f in pairs(core.library) do dni[name] = f end

-- Contexts, layers, losses. -----------------------------------------------------------------------

-- Options: seed, dtype ("f32", "f64"), compute ("bf16"), instructions, backend, log = function(level, line).
function dni.Context.create(given)
  given = given or {}
  local fields = {seed = given.seed, dtype = given.dtype, compute = given.compute,
                  instructions = given.instructions, backend = given.backend}
  for name in pairs(given) do
    if fields[name] == nil and name ~= "log" then error("a context has no option " .. tostring(name), 2) end
  end
  if given.log then
    fields.log, fields.log_destroy = parts.log, parts.destroy
    fields.log_user = parts.keep(given.log)
  end
  local out, struct = ffi.new "dni_context *[1]", options("dni_context_options", fields)
  parts.checked(C.dni_context_create(struct, out), struct.log_user)
  local context = own("context", out[0])
  context.thing = "context"
  local own_backend = given.backend and given.backend:kind() == core.enums.backend_kind.callback
  context.has_lua = (given.log or own_backend) and "its log or backend"
  return context
end

-- part.product(call): call.a, call.b, call.c are C pointers as dni_product has them.
function dni.Backend.callback(part, given)
  local struct = parts.table("dni_backend_callbacks", part, {"product"}, {"set_threads"})
  struct.f32, struct.f64, struct.bf16 = part.f32 or 1, part.f64 or 1, part.bf16 or 0
  local out = ffi.new "dni_backend *[1]"
  parts.checked(C.dni_backend_create_callback(options("dni_backend_options", given), struct, out), struct.user)
  return own("backend", out[0])
end

-- A layer of your own: part:forward(call) writes call.y from call.x; part:backward(call) writes call.dx unless it
-- is nil, and gradients of part:parameters(), a list of {value, gradient}: call.scale times the sum over the
-- rows. part:state_bytes(rows), part:changed() and part:copy() may be there.
function dni.Layer.callback(context, inputs, outputs, part)
  local struct = parts.table("dni_layer_callbacks", part, {"forward", "backward"},
                             {"state_bytes", "changed", "copy"})
  local out = ffi.new "dni_layer *[1]"
  parts.checked(C.dni_layer_create_callback(pointer(context, "context"), size(inputs), size(outputs), struct, out),
                struct.user)
  context.has_lua = "a layer"
  return own("layer", out[0], context)
end

-- A loss of your own: part:evaluate(call) writes call.per_example and, unless it is nil, call.delta;
-- part:correct(call) may write 1 or 0 into call.per_example.
function dni.Loss.callback(context, part)
  local struct = parts.table("dni_loss_callbacks", part, {"evaluate"}, {"correct"})
  local out = ffi.new "dni_loss *[1]"
  parts.checked(C.dni_loss_create_callback(pointer(context, "context"), struct, out), struct.user)
  context.has_lua = "a loss"
  return own("loss", out[0], context)
end

-- An SG of your own: part:estimate(call) writes call.delta; part:learn(call) computes gradients of
-- part:parameters(); part.needs and part.learns are "nothing", "target" and so on.
function dni.SG.callback(context, units, targets, part, given)
  local needs = enum("needs", part.needs or "nothing")
  local learns = enum("learns", part.learns or (part.learn and "target" or "nothing"))
  local struct = parts.table("dni_sg_callbacks", part, {"estimate"}, {"learn", "changed"})
  struct.needs, struct.learns = needs, learns
  local out = ffi.new "dni_sg *[1]"
  parts.checked(C.dni_sg_create_callback(pointer(context, "context"), size(units), size(targets),
                                         size(given and given.signal_units or 0), struct, out), struct.user)
  context.has_lua = "an SG"
  return own("sg", out[0], context)
end

-- A result [rows of x][columns] of the type of x, if it is not given.
local function made(m, x, columns)
  matrix(x)
  return m or core.new(x.rows, columns, core.name_of("dtype", x.dtype))
end

-- y [rows][outputs] of x; y is made if it is nil. Options: mode, state.
function dni.Layer:forward(x, y, given)
  given = core.named(given, {mode = true, state = true}, "forward")
  y = made(y, x, self:outputs())
  check(C.dni_layer_forward(pointer(self, "layer"), enum("mode", given.mode or "training"),
                            pointer(given.state, "state"), matrix(x), matrix(y)))
  return y
end

-- Gradients of the parameters, and dx unless it is nil. OVERWRITES dy. Options: flags, state.
function dni.Layer:backward(x, y, dy, dx, given)
  given = core.named(given, {flags = true, state = true}, "backward")
  check(C.dni_layer_backward(pointer(self, "layer"), enum("gradient_flags", given.flags or 0),
                             pointer(given.state, "state"), matrix(x), matrix(y), matrix(dy), matrix(dx)))
  return dx
end

local function parameter(object, index, call)
  local value, gradient = ffi.new "dni_matrix", ffi.new "dni_matrix"
  check(call(pointer(object, object.thing), size(index), value, gradient))
  return core.view_of(value, object), gradient.data ~= nil and core.view_of(gradient, object) or nil
end

-- Views of a parameter and its gradient. After writing into the first, call changed().
function dni.Layer:parameter(index) return parameter(self, index, C.dni_layer_parameter) end
function dni.SG:parameter(index) return parameter(self, index, C.dni_sg_parameter) end

local function batch(x, y, weights)
  return options("dni_batch", {x = x, y = y, weights = weights})
end

-- The mean loss of a batch; delta and per_example are written if they are given.
function dni.Loss:evaluate(h, y, given)
  given = core.named(given, {weights = true, delta = true, per_example = true}, "evaluate")
  local mean = ffi.new "double[1]"
  check(C.dni_loss_evaluate(pointer(self, "loss"), batch(h, y, given.weights), matrix(given.delta),
                            matrix(given.per_example), mean))
  return mean[0]
end

function dni.Loss:count_correct(h, y, weights)
  local correct = ffi.new "double[1]"
  check(C.dni_loss_count_correct(pointer(self, "loss"), batch(h, y, weights), correct))
  return correct[0]
end

-- Optimisers and SGs. -----------------------------------------------------------------------------

-- A schedule is a table with the fields of dni_schedule, or a function of the step.
local function schedule(given)
  if type(given) == "function" then
    local struct = options("dni_schedule", {kind = enum("rate_kind", "function"), destroy = parts.destroy})
    struct["function"], struct.user = parts.schedule, parts.keep(given)
    return struct
  end
  local names = {kind = true, warm_up = true, steps = true, value = true, boundaries = true, values = true}
  local fields = {}
  for name, value in pairs(core.named(given, names, "a schedule")) do fields[name] = value end
  fields.kind = enum("rate_kind", given.kind or "constant")
  return options("dni_schedule", fields)
end

function dni.schedule_value(given, step)
  local struct, value = schedule(given), ffi.new "double[1]"
  local status = C.dni_schedule_value(struct, size(step), value)
  parts.forget(struct.user)
  check(status)
  return value[0]
end

local function set_schedule(object, given, call)
  if given == nil then return check(call(pointer(object, object.thing), nil)) end
  local struct = schedule(given)
  if struct.user ~= nil and object.context and object.context.threads then
    parts.forget(struct.user)
    error("a trainer with threads would call this function on another thread", 3)
  end
  parts.checked(call(pointer(object, object.thing), struct), struct.user)
  if struct.user ~= nil and object.context then object.context.has_lua = "a schedule" end
end

function dni.Optimiser:set_schedule(given) set_schedule(self, given, C.dni_optimiser_set_schedule) end
function dni.SG:set_schedule(given) set_schedule(self, given, C.dni_sg_set_schedule) end

-- Move a matrix of your own by its gradient, a matrix too. Both are kept.
function dni.Optimiser:add(value, gradient)
  local user = parts.keep {value, gradient}
  parts.checked(C.dni_optimiser_add(pointer(self, "optimiser"), matrix(value), matrix(gradient), parts.destroy, user),
                user)
end

-- The estimate of dL/dh of each example. Options: signal, weights, losses, delta.
function dni.SG:estimate(h, y, given)
  given = core.named(given, {signal = true, weights = true, losses = true, delta = true}, "estimate")
  local like = h or given.signal or given.losses or y or error("an SG is asked with h, y or a signal", 2)
  local kind = like.dtype == 6 and "f32" or core.name_of("dtype", like.dtype)
  local delta = given.delta or core.new(like.rows, self:units(), kind)
  local query = options("dni_query", {h = h, y = y, signal = given.signal, weights = given.weights,
                                      losses = given.losses})
  check(C.dni_sg_estimate(pointer(self, "sg"), query, matrix(delta)))
  return delta
end

-- Compute the gradients of the SG's parameters. Options: losses, prediction, weights, flags.
function dni.SG:learn(h, y, target, given)
  given = core.named(given, {losses = true, prediction = true, weights = true, flags = true}, "learn")
  local lesson = options("dni_lesson", {h = h, y = y, target = target, losses = given.losses,
                                        prediction = given.prediction, weights = given.weights,
                                        flags = given.flags})
  local found = core.report "dni_lesson_report"
  check(C.dni_sg_learn(pointer(self, "sg"), lesson, found))
  return core.result("dni_lesson_report", found)
end

-- Networks. ---------------------------------------------------------------------------------------

-- A chain of the layers that follow.
function dni.Network.create(context, ...)
  local out = ffi.new "dni_network *[1]"
  check(C.dni_network_create(pointer(context, "context"), out))
  local network = own("network", out[0], context)
  for _, layer in ipairs {...} do network:add(layer) end
  return network
end

function dni.Network:predict(x, h)
  h = made(h, x, self:outputs())
  check(C.dni_network_predict(pointer(self, "network"), matrix(x), matrix(h)))
  return h
end

-- Mean loss, accuracy and metric over a data set; metric(h, y, weights) answers a number.
function dni.Network:evaluate(loss, dataset, metric)
  local found, user = core.report "dni_evaluation", metric and parts.keep(metric)
  local struct = metric and options("dni_metric", {user = user, evaluate = parts.metric})
  local status = C.dni_network_evaluate(pointer(self, "network"), pointer(loss, "loss"),
                                        pointer(dataset, "dataset"), struct, found)
  parts.forget(user)
  check(status)
  return core.result("dni_evaluation", found)
end

-- Into a path, or a function that is given pieces of the file as strings.
function dni.Network:save(file)
  parts.save(pointer(self, "network"), file, C.dni_network_save, C.dni_network_write)
end

-- From a path, or a function(size) that gives the next piece as a string of at most that size, "" at the end.
function dni.Network.load(context, file)
  local out = ffi.new "dni_network *[1]"
  parts.load(pointer(context, "context"), file, C.dni_network_load, C.dni_network_read, out)
  return own("network", out[0], context)
end

-- Buffers to predict with a network, `rows` rows at a time; nil: 256.
function dni.Predictor.create(network, rows)
  local out = ffi.new "dni_predictor *[1]"
  check(C.dni_predictor_create(pointer(network, "network"), size(rows or 0), out))
  local predictor = own("predictor", out[0], network)
  predictor.network = network
  return predictor
end

-- The output of layer `after`, or of the last, for x.
function dni.Predictor:run(x, h, after)
  local outputs = after and self.network:layer(after) and self.network:layer(after):outputs() or self.network:outputs()
  h = made(h, x, outputs)
  check(C.dni_predictor_run(pointer(self, "predictor"), size(after or core.ALL), matrix(x), matrix(h)))
  return h
end

-- Data. -------------------------------------------------------------------------------------------

-- Examples in matrices, which are used where they are. Options: factor, offset, classes, unchecked.
function dni.Dataset.memory(context, x, y, given)
  given = core.named(given, {factor = true, offset = true, classes = true, unchecked = true}, "a data set")
  local scaled = (given.factor or given.offset) and 1 or 0
  local struct = options("dni_memory_options", {
    flags = 1 + (given.unchecked and 2 or 0), scaled = scaled, factor = given.factor or 1,
    offset = given.offset, classes = given.classes, destroy = parts.destroy})
  local user = parts.keep {matrix(x) and x, matrix(y) and y}
  struct.user = user
  local out = ffi.new "dni_dataset *[1]"
  parts.checked(C.dni_dataset_create_memory(pointer(context, "context"), matrix(x), matrix(y), struct, out), user)
  return own("dataset", out[0], context)
end

-- Examples that you fetch: source.examples, .features, .targets or .classes, and source:fetch(indices, x, y).
function dni.Dataset.callback(context, source)
  local examples, features = size(source.examples), size(source.features)
  local targets, classes_ = size(source.targets or 0), size(source.classes or 0)
  local struct = parts.table("dni_dataset_callbacks", source, {"fetch"}, {})
  struct.examples, struct.features, struct.targets, struct.classes = examples, features, targets, classes_
  local out = ffi.new "dni_dataset *[1]"
  parts.checked(C.dni_dataset_create_callback(pointer(context, "context"), struct, out), struct.user)
  return own("dataset", out[0], context)
end

-- Copy out examples first, first + 1, ... into x and y, either of which may be nil.
function dni.Dataset:batch(first, x, y)
  check(C.dni_dataset_batch(pointer(self, "dataset"), size(first), matrix(x), matrix(y)))
end

-- Copy out examples by their indices: a table, or memory of size_t with its count.
function dni.Dataset:gather(indices, x, y, count)
  if type(indices) == "table" then indices, count = core.array("size_t", indices) end
  check(C.dni_dataset_gather(pointer(self, "dataset"), indices, size(count), matrix(x), matrix(y)))
end

-- Two data sets: `count` examples and the rest. Options: shuffle, seed.
function dni.Dataset:split(count, given)
  given = core.named(given, {shuffle = true, seed = true}, "split")
  local first, second = ffi.new "dni_dataset *[1]", ffi.new "dni_dataset *[1]"
  local random = given.seed and options("dni_random_options", {seed = given.seed})
  check(C.dni_dataset_split(pointer(self, "dataset"), size(count), given.shuffle and 1 or 0, random, first, second))
  return own("dataset", first[0], self), own("dataset", second[0], self)
end

function dni.Order.create(dataset, given)
  local out = ffi.new "dni_order *[1]"
  local random = options("dni_random_options", given, {seed = true})
  check(C.dni_order_create(pointer(dataset, "dataset"), random, out))
  return own("order", out[0], dataset)
end

-- Memory of size_t, as many as the data set has examples; changed by the next shuffle.
function dni.Order:indices()
  local indices = C.dni_order_indices(pointer(self, "order"))
  core.anchor(indices, self)
  return indices
end

local STATE = 5

function dni.Order:state()
  local state = ffi.new("uint64_t[?]", STATE)
  check(C.dni_order_state(pointer(self, "order"), state, STATE))
  return state
end

function dni.Order:set_state(state)
  check(C.dni_order_set_state(pointer(self, "order"), state, STATE))
end

-- Training. ---------------------------------------------------------------------------------------

local TRAINER = {optimiser = true, sg_optimiser = true, max_batch = true, schedule = true, metric = true,
                 measure_gradient_norm = true, update_probability = true, threads = true, in_flight = true,
                 micro_batches = true, trained_modules = true, layer_thread = true, balance = true, seed = true,
                 activations = true}

-- What of a training would call Lua, in words; nil: nothing.
local function in_lua(network, loss)
  local kinds = core.enums
  for index = 0, network:layer_count() - 1 do
    if network:layer(index):kind() == kinds.layer_kind.callback then return "a layer" end
    local sg = network:sg(index)
    if sg and sg:kind() == kinds.sg_kind.callback then return "an SG" end
  end
  if loss:kind() == kinds.loss_kind.callback then return "a loss" end
  return network.context and network.context.has_lua or loss.context and loss.context.has_lua
end

function dni.Trainer.create(network, loss, given)
  local fields, metric = {}, given and given.metric
  for name, value in pairs(given or {}) do
    if not TRAINER[name] then error("a trainer has no option " .. tostring(name), 2) end
    fields[name] = value
  end
  fields.metric = nil
  local struct, out = options("dni_trainer_options", fields), ffi.new "dni_trainer *[1]"
  local measure
  if metric then
    measure = options("dni_metric", {user = parts.keep(metric), evaluate = parts.metric, destroy = parts.destroy})
    struct.metric = measure
  end
  parts.checked(C.dni_trainer_create(pointer(network, "network"), pointer(loss, "loss"), struct, out),
                measure and measure.user)
  local trainer = own("trainer", out[0], network)
  local lua = metric and "a metric" or in_lua(network, loss)
  if trainer:thread_count() > 1 then
    if lua then
      trainer:close()
      error("a trainer with threads would call Lua on another thread: there is " .. lua .. " of Lua's", 2)
    end
    if trainer.context then trainer.context.threads = true end
  end
  return trainer
end

-- One step on a batch; answers a table with the fields of dni_step_report.
function dni.Trainer:step(x, y, weights)
  local found = core.report "dni_step_report"
  check(C.dni_trainer_step(pointer(self, "trainer"), batch(x, y, weights), found))
  return core.result("dni_step_report", found)
end

function dni.Trainer:report()
  local found = core.report "dni_step_report"
  check(C.dni_trainer_report(pointer(self, "trainer"), found))
  return core.result("dni_step_report", found)
end

local function fit_options(given)
  local fields, user = {}, nil
  for name, value in pairs(given or {}) do fields[name] = value end
  if given and given.callback then
    user = parts.keep(given.callback)
    fields.callback, fields.callback_user = parts.step, user
  end
  return options("dni_fit_options", fields), user
end

-- Options are those of dni_fit_options. callback(report) stops the fit by answering true.
function dni.Trainer:fit(dataset, given)
  local struct, user = fit_options(given)
  local status = C.dni_trainer_fit(pointer(self, "trainer"), pointer(dataset, "dataset"), struct)
  parts.forget(user)
  check(status)
end

-- Batches that a function gives: x, y and perhaps weights; nil at the end. Or a table with next, position(),
-- seek(position).
function dni.Trainer:fit_stream(stream, given)
  local struct, user = fit_options(given)
  if type(stream) == "function" then stream = {next = stream} end
  local number = parts.keep {stream = stream}
  local fields = {user = number, next = parts.next}
  if stream.position then fields.position = parts.position end
  if stream.seek then fields.seek = parts.seek end
  local status = C.dni_trainer_fit_stream(pointer(self, "trainer"), options("dni_stream", fields), struct)
  parts.forget(user)
  parts.forget(number)
  check(status)
end

function dni.Trainer:save(file)
  parts.save(pointer(self, "trainer"), file, C.dni_trainer_save, C.dni_trainer_write)
end

function dni.Trainer:load(file, given)
  parts.load(pointer(self, "trainer"), file, C.dni_trainer_load, C.dni_trainer_read,
             options("dni_load_options", given))
end

-- Experimental: see dni_trainer_record() and dni_trainer_replay(). `lags` is a matrix of u8.
local function lags_of(trainer, lags, call)
  trainer.lags = lags
  check(call(pointer(trainer, "trainer"), lags.data, size(lags.rows * lags.columns), size(lags.columns)))
end

function dni.Trainer:record(steps)
  local lags = core.new(self:thread_count() - 1, steps, "u8")
  lags_of(self, lags, C.dni_trainer_record)
  return lags
end

function dni.Trainer:replay(lags) lags_of(self, lags, C.dni_trainer_replay) end

-- Checkpoints. ------------------------------------------------------------------------------------

local function kept(checkpoint, thing)
  checkpoint.kept = checkpoint.kept or {}
  table.insert(checkpoint.kept, thing)
end

function dni.Checkpoint:add_matrix(name, m)
  check(C.dni_checkpoint_add_matrix(pointer(self, "checkpoint"), name, matrix(m)))
  kept(self, m)
end

-- A number: memory of one uint64_t (add_count) or double (add_real).
function dni.Checkpoint:add_count(name, memory)
  check(C.dni_checkpoint_add_count(pointer(self, "checkpoint"), name, memory))
  kept(self, memory)
end

function dni.Checkpoint:add_real(name, memory)
  check(C.dni_checkpoint_add_real(pointer(self, "checkpoint"), name, memory))
  kept(self, memory)
end

function dni.Checkpoint:save(file)
  parts.save(pointer(self, "checkpoint"), file, C.dni_checkpoint_save, C.dni_checkpoint_write)
end

function dni.Checkpoint:load(file, given)
  parts.load(pointer(self, "checkpoint"), file, C.dni_checkpoint_load, C.dni_checkpoint_read,
             options("dni_load_options", given))
end

return dni
