-- Two modules on two threads: the lower one goes on with the next batch while the upper one works.
--
--     luajit threads.lua FOLDER     the folder has MNIST's four files, plain or gzip

local dni = require "dni"

local UNITS, CLASSES = 128, 10

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

local folder = ...
local context = dni.Context.create {seed = 1}
local train, test = digits(context, folder, "train"), digits(context, folder, "t10k")
local loss = dni.Loss.softmax_cross_entropy(context)
local network = dni.Network.create(context, dni.Layer.dense(context, train:features(), UNITS, "relu"),
                                   dni.Layer.dense(context, UNITS, UNITS, "relu"),
                                   dni.Layer.dense(context, UNITS, CLASSES, "identity"))
network:set_sg(0, dni.SG.least_squares(context, UNITS, CLASSES))
local trainer = dni.Trainer.create(network, loss, {schedule = "pipelined", threads = 2, max_batch = 64})
print(("%d modules on %d threads"):format(trainer:module_count(), trainer:thread_count()))
trainer:fit(train, {epochs = 5, batch = 64})
print(("test accuracy %.2f %%"):format(100 * network:evaluate(loss, test).accuracy))
