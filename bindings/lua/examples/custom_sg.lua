-- An SG of one's own in Lua: it answers one vector for all examples, the mean of what it was shown.
--
--     luajit custom_sg.lua FOLDER     the folder has MNIST's four files, plain or gzip

local dni = require "dni"
local ffi = require "ffi"

local UNITS, CLASSES = 64, 10

-- M(h, y) = m for every example; the loss of a lesson is the mean of |m - target|^2.
local MeanSG = {}
MeanSG.__index = MeanSG

function MeanSG.new(units)
  return setmetatable({mean = dni.matrix(1, units), gradient = dni.matrix(1, units)}, MeanSG)
end

function MeanSG:parameters() return {{self.mean, self.gradient}} end

function MeanSG:estimate(call)
  for row = 0, call.delta.rows - 1 do
    for unit = 0, call.delta.columns - 1 do call.delta:set(row, unit, self.mean:get(0, unit)) end
  end
end

function MeanSG:learn(call)
  local total, factor = ffi.new "float[1]", ffi.new("float[1]", 2 * call.scale)
  for unit = 0, self.mean.columns - 1 do
    total[0] = 0
    for row = 0, call.target.rows - 1 do
      local difference = ffi.new("float[1]", call.prediction:get(row, unit) - call.target:get(row, unit))
      total[0] = total[0] + difference[0]
    end
    self.gradient:set(0, unit, factor[0] * total[0])
  end
end

-- A file of the folder, plain or gzip.
local function file(folder, name)
  local path = folder .. "/" .. name
  local plain = io.open(path, "rb")
  if plain then plain:close() end
  return plain and path or path .. ".gz"
end

local folder = ...
local context = dni.Context.create {seed = 1}
local data = dni.Dataset.idx(context, file(folder, "train-images-idx3-ubyte"), file(folder, "train-labels-idx1-ubyte"))
local network = dni.Network.create(context, dni.Layer.dense(context, data:features(), UNITS, "tanh"),
                                   dni.Layer.dense(context, UNITS, CLASSES, "identity"))
network:set_sg(0, dni.SG.callback(context, UNITS, CLASSES, MeanSG.new(UNITS)))
local trainer = dni.Trainer.create(network, dni.Loss.softmax_cross_entropy(context),
                                   {max_batch = 32, optimiser = dni.Optimiser.sgd(context, 0.1)})
trainer:fit(data, {steps = 50, batch = 32, callback_every = 10, callback = function(report)
  print(("step %d: loss %.6f, error of the SG %.6f"):format(report.step, report.loss, report.sg_mse[1]))
end})
