-- MNIST with a synthetic gradient after every hidden layer, so that no layer waits for another.
--
--     luajit mnist.lua FOLDER     the folder has MNIST's four files, plain or gzip

local dni = require "dni"

local HIDDEN, UNITS, CLASSES = 3, 128, 10

-- A file of the folder, plain or gzip.
local function file(folder, name)
  local path = folder .. "/" .. name
  local plain = io.open(path, "rb")
  if plain then plain:close() end
  return plain and path or path .. ".gz"
end

local function digits(context, folder, name)
  return dni.Dataset.idx(context, file(folder, name .. "-images-idx3-ubyte"), file(folder, name .. "-labels-idx1-ubyte"))
end

-- Three hidden layers, and after each an SG that is fitted by least squares.
local function make_network(context, inputs)
  local network = dni.Network.create(context)
  for after = 0, HIDDEN - 1 do
    network:add(dni.Layer.dense(context, inputs, UNITS, "relu"))
    network:set_sg(after, dni.SG.least_squares(context, UNITS, CLASSES))
    inputs = UNITS
  end
  network:add(dni.Layer.dense(context, inputs, CLASSES, "identity"))
  return network
end

local folder = ...
local context = dni.Context.create {seed = 1}
local train, test = digits(context, folder, "train"), digits(context, folder, "t10k")
local loss = dni.Loss.softmax_cross_entropy(context)
local network = make_network(context, train:features())
local trainer = dni.Trainer.create(network, loss, {optimiser = dni.Optimiser.adam(context, 0.001), max_batch = 64})
for epoch = 1, 3 do
  trainer:fit(train, {epochs = 1, batch = 64})
  local found = network:evaluate(loss, test)
  print(("epoch %d: test loss %.6f, accuracy %.2f %%"):format(epoch, found.loss, 100 * found.accuracy))
end
