-- A training loop of one's own: two layers on matrices, and a synthetic gradient between them.
--
-- The lower layer is updated before the upper one has seen its output.
--
--     luajit custom_loop.lua FOLDER     the folder has MNIST's four files, plain or gzip

local dni = require "dni"

local ROWS, UNITS, CLASSES, STEPS = 64, 64, 10, 60

-- A file of the folder, plain or gzip.
local function file(folder, name)
  local path = folder .. "/" .. name
  local plain = io.open(path, "rb")
  if plain then plain:close() end
  return plain and path or path .. ".gz"
end

-- x -> lower -> h -> upper -> logits, with an SG that answers for dL/dh.
local function new_loop(context, inputs)
  local loop = {
    lower = dni.Layer.dense(context, inputs, UNITS, "relu"),
    upper = dni.Layer.dense(context, UNITS, CLASSES, "identity"),
    sg = dni.SG.synthetic(context, UNITS, CLASSES),
    loss = dni.Loss.softmax_cross_entropy(context),
    h = dni.matrix(ROWS, UNITS), delta = dni.matrix(ROWS, UNITS), target = dni.matrix(ROWS, UNITS),
    logits = dni.matrix(ROWS, CLASSES), error = dni.matrix(ROWS, CLASSES), optimisers = {},
  }
  for i = 1, 3 do loop.optimisers[i] = dni.Optimiser.adam(context, 0.003) end
  loop.optimisers[1]:add_layer(loop.lower)
  loop.optimisers[2]:add_layer(loop.upper)
  loop.optimisers[3]:add_sg(loop.sg)
  return loop
end

-- The losses of one step: of the network, and of the SG.
local function step(loop, x, y)
  loop.lower:forward(x, loop.h)
  loop.sg:estimate(loop.h, y, {delta = loop.delta})
  loop.lower:backward(x, loop.h, loop.delta)
  loop.optimisers[1]:step()

  loop.upper:forward(loop.h, loop.logits)
  local loss = loop.loss:evaluate(loop.logits, y, {delta = loop.error})
  loop.upper:backward(loop.h, loop.logits, loop.error, loop.target)
  loop.optimisers[2]:step()

  local report = loop.sg:learn(loop.h, y, loop.target)
  loop.optimisers[3]:step()
  return loss, report.mse
end

local folder = ...
local context = dni.Context.create {seed = 1}
local data = dni.Dataset.idx(context, file(folder, "train-images-idx3-ubyte"), file(folder, "train-labels-idx1-ubyte"))
local loop, order = new_loop(context, data:features()), dni.Order.create(data)
local x, y = dni.matrix(ROWS, data:features()), dni.labels(ROWS)
order:shuffle()
for i = 1, STEPS do
  local first = (i - 1) % math.floor(data:examples() / ROWS) * ROWS
  data:gather(order:indices() + first, x, y, ROWS)
  local loss, mse = step(loop, x, y)
  if i % 10 == 0 then print(("step %d: loss %.6f, error of the SG %.6f"):format(i, loss, mse)) end
end
