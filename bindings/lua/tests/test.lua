-- Parts of one's own, errors, files, the collector, threads: luajit test.lua FOLDER_OF_MNIST

local dni = require "dni"
local ffi = require "ffi"
local parts = require "dni.parts"

local folder = ...
local count = 0

local function same(a, b, what)
  if a ~= b then error(("%s: %s is not %s"):format(what or "?", tostring(a), tostring(b)), 2) end
end

-- The error that a function throws.
local function failure(f, ...)
  local fine, e = pcall(f, ...)
  if fine then error("nothing was thrown", 2) end
  return e
end

local function contains(text, part)
  if not tostring(text):find(part, 1, true) then error(("no %q in %q"):format(part, tostring(text)), 2) end
end

local function case(name, f)
  f()
  collectgarbage()
  collectgarbage()
  same(parts.count(), 0, name .. ": what the library has not given back")
  count = count + 1
end

local function digits(context)
  return dni.Dataset.idx(context, folder .. "/train-images-idx3-ubyte.gz", folder .. "/train-labels-idx1-ubyte.gz")
end

local function batch(context, rows)
  local x, y = dni.matrix(rows, 784), dni.labels(rows)
  digits(context):batch(0, x, y)
  return x, y
end

local function network(context, first)
  local layers = {dni.Layer.dense(context, 784, 32, "relu"), dni.Layer.dense(context, 32, 10, "identity")}
  if first then table.insert(layers, 1, first) end
  return dni.Network.create(context, unpack(layers))
end

-- A layer that does nothing, and throws at its call number `at`.
local Through = {}
Through.__index = Through
function Through:forward(call)
  self.calls = (self.calls or 0) + 1
  if self.calls == self.at then error(self.what, 0) end
  for r = 0, call.x.rows - 1 do
    for c = 0, call.x.columns - 1 do call.y:set(r, c, call.x:get(r, c)) end
  end
end
function Through:backward(call)
  if call.dx then
    for r = 0, call.dx.rows - 1 do
      for c = 0, call.dx.columns - 1 do call.dx:set(r, c, call.dy:get(r, c)) end
    end
  end
end
local function through(at, what) return setmetatable({at = at, what = what}, Through) end

case("a layer of Lua's changes nothing", function()
  local losses = {}
  for i = 1, 2 do
    local context = dni.Context.create {seed = 1}
    local x, y = batch(context, 16)
    local net = network(context, i == 2 and dni.Layer.callback(context, 784, 784, through()) or nil)
    local trainer = dni.Trainer.create(net, dni.Loss.softmax_cross_entropy(context))
    for _ = 1, 3 do losses[i] = trainer:step(x, y).loss end
  end
  same(losses[1], losses[2], "loss")
end)

case("what a callback throws comes out as itself", function()
  local what = {"mine"}
  local context = dni.Context.create()
  local x, y = batch(context, 8)
  local net = network(context, dni.Layer.callback(context, 784, 784, through(2, what)))
  local trainer = dni.Trainer.create(net, dni.Loss.softmax_cross_entropy(context))
  trainer:step(x, y)
  same(failure(trainer.step, trainer, x, y), what, "error")
  trainer:step(x, y)
  local data = digits(context)
  local e = failure(trainer.fit, trainer, data, {steps = 3, batch = 8, callback = function() error(what, 0) end})
  same(e, what, "error of a step callback")
  contains(failure(trainer.fit, trainer, data, {steps = 3, batch = 8, callback = function()
    coroutine.yield()
  end}), "yield")
end)

case("errors of the library", function()
  local context = dni.Context.create()
  local e = failure(dni.Layer.dense, context, 0, 3, "relu")
  same(e.status, dni.enums.status.error_argument, "status")
  contains(e, "0 inputs")
  contains(failure(dni.Layer.dense, context, 2, 3, "relux"), "relux is none of")
  contains(failure(dni.Layer.dense, context, -1, 3, "relu"), "whole number")
  contains(failure(dni.Layer.dense, context, 2.5, 3, "relu"), "whole number")
  contains(failure(dni.SG.synthetic, context, 2, 3, {hidden = 1}), "no option hidden")
  contains(failure(dni.Trainer.create, network(context), dni.Loss.squared_error(context), {thread = 1}), "no option thread")
  contains(failure(dni.Context.create, {sed = 1}), "no option sed")
  contains(failure(dni.Layer.callback, context, 2, 2, {}), "no function forward")
  local net = network(context)
  contains(failure(net.add, net, net), "expected a layer, not a network")
  contains(failure(net.predict, net, {}), "expected a matrix")
  contains(failure(net.predict, net, dni.matrix(2, 3)), "3 columns")
  contains(failure(net.predict, net, dni.matrix(2, 784, "f64")), "double")
  net:close()
  contains(failure(net.inputs, net), "closed")
  net:close()
end)

case("threads", function()
  local context = dni.Context.create()
  local net = network(context, dni.Layer.callback(context, 784, 784, through()))
  net:set_sg(1, dni.SG.zero(context, 32))
  local loss = dni.Loss.softmax_cross_entropy(context)
  contains(failure(dni.Trainer.create, net, loss, {schedule = "pipelined", threads = 2}), "a layer of Lua's")
  dni.Trainer.create(net, loss)
  contains(failure(dni.Trainer.create, network(dni.Context.create {log = function() end}), loss,
                   {schedule = "micro-batches", metric = function() return 1 end}), "another thread")
end)

case("an SG, a loss, a metric, a schedule, data and a log of Lua's", function()
  local lines = {}
  local context = dni.Context.create {log = function(level, line) lines[#lines + 1] = level .. line end}
  local x, y = batch(context, 8)
  local net, lessons = network(context), 0
  net:set_sg(0, dni.SG.callback(context, 32, 10, {
    estimate = function(_, call) call.delta:fill(0) end, learn = function() lessons = lessons + 1 end}))
  local loss = dni.Loss.callback(context, {evaluate = function(_, call)
    for r = 0, call.h.rows - 1 do
      local h = call.h:get(r, 0)
      call.per_example:set(r, 0, h * h / 2)
      if call.delta then
        for c = 0, call.h.columns - 1 do call.delta:set(r, c, c == 0 and h or 0) end
      end
    end
  end})
  local trainer = dni.Trainer.create(net, loss, {metric = function(h, _, weights)
    same(weights, nil)
    return h.columns
  end})
  same(trainer:step(x, y).metric, 10, "metric")
  same(lessons, 1, "lessons")
  same(dni.schedule_value(function(step) return 1 / (1 + step) end, 3), 0.25, "schedule")
  local optimiser = dni.Optimiser.sgd(context, 2)
  optimiser:set_schedule(function(step) return step == 0 and 1 or 0.5 end)
  same(optimiser:rate(), 2)
  optimiser:step()
  same(optimiser:rate(), 1, "rate")
  local data = dni.Dataset.callback(context, {examples = 10, features = 2, classes = 2,
    fetch = function(_, indices, xs, ys)
      for i, index in ipairs(indices) do
        if xs then xs:set(i - 1, 0, index) end
        if ys then ys:set(i - 1, 0, index % 2) end
      end
    end})
  local xs, ys = dni.matrix(2, 2), dni.labels(2)
  data:gather({7, 4}, xs, ys)
  same(xs:get(0, 0), 7)
  same(ys:get(1), 0, "label")
end)

case("matrices, parameters, data in memory", function()
  local context = dni.Context.create {dtype = "f64"}
  local layer = dni.Layer.dense(context, 2, 1, "identity")
  layer:set_parameter(0, dni.matrix({{1, 2}}, "f64"))
  layer:set_parameter(1, dni.matrix({{3}}, "f64"))
  local x = dni.matrix({{1, 0}, {0, 1}, {1, 1}}, "f64")
  local y = layer:forward(x:slice(1, 2))
  same(y:get(0, 0), 5)
  same(y:get(1, 0), 6, "y")
  local value = layer:parameter(0)
  layer = nil
  collectgarbage()
  same(value:get(0, 1), 2, "a view keeps what it views")
  local data = dni.Dataset.memory(context, x, dni.labels {0, 1, 1})
  x = nil
  collectgarbage()
  same(data:classes(), 2)
  local first, rest = data:split(1)
  same(first:examples() + rest:examples(), 3, "split")
  contains(failure(dni.matrix, {{1, 2}, {3}}), "row 2 has 1 numbers")
end)

case("streams, files without a disk, checkpoints", function()
  local context = dni.Context.create()
  local x, y = batch(context, 8)
  local net = network(context)
  local trainer, left = dni.Trainer.create(net, dni.Loss.softmax_cross_entropy(context)), 3
  trainer:fit_stream(function()
    left = left - 1
    if left >= 0 then return x, y end
  end)
  same(trainer:step_count(), 3, "steps")
  local pieces = {}
  net:save(function(piece) pieces[#pieces + 1] = piece end)
  local text, at = table.concat(pieces), 1
  local again = dni.Network.load(context, function(size)
    local piece = text:sub(at, at + size - 1)
    at = at + #piece
    return piece
  end)
  same(again:predict(x):get(3, 4), net:predict(x):get(3, 4), "a network that was loaded")
  same(failure(net.save, net, function() error("full", 0) end), "full")
  local kept, position, saved = dni.Checkpoint.create(context), ffi.new("uint64_t[1]", 7), {}
  kept:add_network("net", net)
  kept:add_count("position", position)
  kept:save(function(piece) saved[#saved + 1] = piece end)
  position[0] = 0
  text, at = table.concat(saved), 1
  kept:load(function(size)
    local piece = text:sub(at, at + size - 1)
    at = at + #piece
    return piece
  end)
  same(tonumber(position[0]), 7, "position")
end)

case("what once went wrong", function()
  local context = dni.Context.create()
  local x, y = batch(context, 8)
  same(dni.Layer.activation_(context, 4, "relu"):kind_name(), "activation")
  local net = network(context)
  local trainer = dni.Trainer.create(net, dni.Loss.softmax_cross_entropy(context))
  trainer:set_rate_factor(dni.ALL, 0.5)
  same(dni.Predictor.create(net):run(x):get(3, 4), net:predict(x):get(3, 4), "predictor")
  same(dni.Predictor.create(net):run(x, nil, 0).columns, 32, "columns of layer 0")
  same(dni.Context.create {seed = 0ULL}:bytes() > 0, true)
  -- Views outlive what they view.
  local data = dni.Layer.dense(context, 300, 300, "relu"):parameter(0).data
  local indices = dni.Order.create(digits(context)):indices()
  for _ = 1, 5 do
    collectgarbage()
    dni.matrix(300, 300)
  end
  same(data[0] == data[0], true)
  same(tonumber(indices[5]), 5, "index")
  -- Closed in a callback of its own.
  local closing
  closing = network(context, dni.Layer.callback(context, 784, 784, {
    forward = function(_, call)
      closing:close()
      collectgarbage()
      call.y:fill(0)
    end, backward = function() end}))
  closing:predict(x)
  contains(failure(closing.inputs, closing), "closed")
  -- Thrown where no status is answered.
  local optimiser = dni.Optimiser.sgd(context, 0.1)
  optimiser:set_schedule(function() error({"typo"}) end)
  same(failure(optimiser.step, optimiser)[1], "typo")
  optimiser:set_schedule(nil)
  optimiser:step()
  contains(failure(dni.schedule_value, function() end, 1), "arithmetic")
  same(failure(net.save, net, function() error(setmetatable({}, {__tostring = error}), 0) end) ~= nil, true)
  -- Misspelled.
  contains(failure(dni.Dataset.memory, context, x, y, {clases = 3}), "no option clases")
  contains(failure(net.layer(net, 0).forward, net:layer(0), x, nil, {mod = 1}), "no option mod")
  contains(failure(dni.schedule_value, {kind = "cosine", stpes = 1}, 1), "no option stpes")
  contains(failure(dni.labels, {0.5}), "whole number")
  contains(failure(digits(context).gather, digits(context), {2.5}, dni.matrix(1, 784)), "whole number")
  collectgarbage()
end)

case("no way around the thread of Lua", function()
  local context, other = dni.Context.create(), dni.Context.create()
  local loss = dni.Loss.softmax_cross_entropy(context)
  local net = network(context, dni.Layer.callback(other, 784, 784, through()))
  net:set_sg(1, dni.SG.zero(context, 32))
  local how = {schedule = "pipelined", threads = 2}
  contains(failure(dni.Trainer.create, net, loss, how), "a layer of Lua's")
  net = network(context)
  net:set_sg(0, dni.SG.synthetic(context, 32, 10))
  local trainer = dni.Trainer.create(net, loss, how)
  local optimiser = trainer:module_optimiser(1)
  contains(failure(optimiser.set_schedule, optimiser, function() return 1 end), "another thread")
  local own = dni.Context.create {backend = dni.Backend.callback {product = function() end}}
  local again = dni.Context.create {backend = own:backend()}
  net = network(again)
  net:set_sg(0, dni.SG.zero(again, 32))
  contains(failure(dni.Trainer.create, net, dni.Loss.softmax_cross_entropy(again), how), "backend")
end)

case("released in any order by the collector", function()
  for round = 1, 30 do
    local context = dni.Context.create()
    local x, y = batch(context, 4)
    local things = {context, network(context), dni.Loss.softmax_cross_entropy(context)}
    things[4] = dni.Trainer.create(things[2], things[3])
    things[4]:step(x, y)
    context = nil
    for i = 1, 4 do
      things[(i * round) % 4 + 1] = nil
      collectgarbage()
    end
  end
end)

print(count .. " passed, 0 failed")
