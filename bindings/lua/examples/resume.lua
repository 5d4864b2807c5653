-- A training that stops in the middle and goes on from its file, to the same bits.
--
--     luajit resume.lua FOLDER     the folder has MNIST's four files, plain or gzip

local dni = require "dni"
local ffi = require "ffi"

local UNITS, CLASSES, EPOCHS = 64, 10, 3

-- A file of the folder, plain or gzip.
local function file(folder, name)
  local path = folder .. "/" .. name
  local plain = io.open(path, "rb")
  if plain then plain:close() end
  return plain and path or path .. ".gz"
end

-- A network of two modules and its trainer, the same each time.
local function make(context, inputs)
  local network = dni.Network.create(context, dni.Layer.dense(context, inputs, UNITS, "relu"),
                                     dni.Layer.dropout(context, UNITS, 0.1),
                                     dni.Layer.dense(context, UNITS, CLASSES, "identity"))
  network:set_sg(1, dni.SG.synthetic(context, UNITS, CLASSES))
  return network, dni.Trainer.create(network, dni.Loss.softmax_cross_entropy(context), {max_batch = 64})
end

-- The loss over the data after a training that saves itself, or is the rest of one.
local function train(folder, path, stop_at, resume)
  local context = dni.Context.create {seed = 1}
  local data = dni.Dataset.idx(context, file(folder, "train-images-idx3-ubyte"),
                               file(folder, "train-labels-idx1-ubyte"))
  local network, trainer = make(context, data:features())
  if resume then trainer:load(path) end
  trainer:fit(data, {epochs = EPOCHS, batch = 64, checkpoint = path, checkpoint_every = 5,
                     callback = function(report) return report.step == stop_at end})
  return network:evaluate(dni.Loss.softmax_cross_entropy(context), data).loss
end

-- A new folder for the file: below TMPDIR, if that is set. Lua's own os.tmpname() does not look at it.
ffi.cdef "char *mkdtemp(char *pattern);"
local function make_folder()
  local pattern = (os.getenv "TMPDIR" or "/tmp") .. "/resume-XXXXXX"
  local path = ffi.new("char[?]", #pattern + 1, pattern)
  assert(ffi.C.mkdtemp(path) ~= nil, "no folder can be made at " .. pattern)
  return ffi.string(path)
end

local folder, place = (...), make_folder()
local path = place .. "/training"
local undisturbed = train(folder, path)
os.remove(path)
local stopped = train(folder, path, 20)
local resumed = train(folder, path, nil, true)
os.remove(path)
os.remove(place)
print(("undisturbed: loss %.6f"):format(undisturbed))
print(("stopped after 20 steps: loss %.6f"):format(stopped))
print(("resumed: loss %.6f, %s"):format(resumed, resumed == undisturbed and "the same" or "another"))
