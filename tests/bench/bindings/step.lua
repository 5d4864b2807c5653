-- The same from LuaJIT: step.lua ROWS STEPS UNITS
local dni = require "dni"
local ffi = require "ffi"
ffi.cdef [[ struct timespec { long seconds, nanoseconds; }; int clock_gettime(int clock, struct timespec *time); ]]
local time = ffi.new "struct timespec"
local function now()
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) + 1e-9 * tonumber(time.nanoseconds)
end

local rows, steps, units = tonumber((...)), tonumber((select(2, ...))), tonumber((select(3, ...)))
local context = dni.Context.create {seed = 1}
local network = dni.Network.create(context, dni.Layer.dense(context, 784, units, "relu"),
                                   dni.Layer.dense(context, units, units, "relu"), dni.Layer.dense(context, units, 10, "identity"))
local trainer = dni.Trainer.create(network, dni.Loss.softmax_cross_entropy(context))
local x, y = dni.matrix(rows, 784), dni.labels(rows)
for i = 0, rows * 784 - 1 do x.data[i] = i % 17 / 16 end
for _ = 1, 9 do
  local begun = now()
  for _ = 1, steps do trainer:step(x, y) end
  print(("%.3f"):format(1e6 * (now() - begun) / steps))
end
