-- Functions and objects of Lua that the library calls.
--
-- Each callback of C is made once. It finds the Lua object by the number that the library hands it as `user`.
-- An error does not pass through C: it becomes a number, and the call that ran the callback throws it again.
jit.off(true, true)

local ffi = require "ffi"
local core = require "dni.core"
local C = core.C

local parts = {}
local kept, last = {}, 0

-- A number for something that the library holds, as a pointer.
function parts.keep(thing)
  last = last + 1
  kept[last] = thing
  return ffi.cast("void *", last)
end

local function key(user) return tonumber(ffi.cast("uintptr_t", user)) end

function parts.forget(user)
  if user ~= nil then kept[key(user)] = nil end
end

-- After a failure the library has kept nothing.
function parts.checked(status, user)
  if status ~= 0 then parts.forget(user) end
  core.check(status)
end

function parts.count()
  local n = 0
  for _ in pairs(kept) do n = n + 1 end
  return n
end

parts.destroy = ffi.cast("dni_destroy_callback", parts.forget)

-- A callback that answers a status.
local function status(kind, run)
  return ffi.cast(kind, function(user, ...)
    core.depth = core.depth + 1
    local fine, answer = pcall(core.throw_late)
    if fine then fine, answer = pcall(run, kept[key(user)], ...) end
    core.depth = core.depth - 1
    return fine and (answer or 0) or core.keep_error(answer)
  end)
end

-- A callback that answers no status: what it throws is thrown later, and it answers a default.
local function plain(kind, default, run)
  return ffi.cast(kind, function(user, ...)
    core.depth = core.depth + 1
    local fine, answer = pcall(run, kept[key(user)], ...)
    core.depth = core.depth - 1
    if fine then return answer end
    core.keep_late(answer)
    return default
  end)
end

local function call_of(kind, call)
  local values = {}
  for name, field in pairs(core.fields[kind]) do
    if field[1] == "matrix" then values[name] = core.view_of(call[name]) end
  end
  return setmetatable(values, {__index = function(_, name)
    local value = call[name]
    if type(value) == "cdata" and value == nil then return nil end
    return value
  end, __newindex = function(_, name, value)
    if name == "own_loss" and call.own_loss ~= nil then call.own_loss[0] = value end
  end})
end

local function method(name, kind)
  return status("dni_status (*)(void *, const " .. kind .. " *)", function(part, call)
    part[name](part, call_of(kind, call))
  end)
end

local function fill(view, m)
  ffi.copy(view, m.view, ffi.sizeof "dni_matrix")
end

local functions = {
  forward = method("forward", "dni_layer_call"),
  backward = method("backward", "dni_layer_call"),
  evaluate = method("evaluate", "dni_loss_call"),
  correct = method("correct", "dni_loss_call"),
  estimate = method("estimate", "dni_sg_call"),
  learn = method("learn", "dni_sg_call"),
  product = method("product", "dni_product"),
  parameter = status("dni_status (*)(void *, size_t, dni_matrix *, dni_matrix *)",
    function(part, index, value, gradient)
      local pair = part:parameters()[tonumber(index) + 1]
      fill(value, pair[1])
      if pair[2] then fill(gradient, pair[2]) end
    end),
  set_threads = status("dni_status (*)(void *, size_t)", function(part, threads)
    part:set_threads(tonumber(threads))
  end),
  state_bytes = plain("size_t (*)(void *, size_t)", 0, function(part, rows)
    return core.size(part:state_bytes(tonumber(rows)))
  end),
  changed = plain("void (*)(void *)", nil, function(part) part:changed() end),
  copy = status("dni_status (*)(void *, void **)", function(part, copy) copy[0] = parts.keep(part:copy()) end),
  fetch = status("dni_status (*)(void *, const size_t *, size_t, dni_matrix *, dni_matrix *)",
    function(source, indices, count, x, y)
      source:fetch(core.numbers(indices, count), core.view_of(x), core.view_of(y))
    end),
}

parts.metric = status("dni_status (*)(void *, const dni_batch *, double *)", function(run, batch, value)
  value[0] = run(core.view_of(batch.x), core.view_of(batch.y), core.view_of(batch.weights))
end)

parts.schedule = plain("double (*)(void *, uint64_t)", 0, function(run, step)
  return run(tonumber(step)) + 0
end)

parts.log = plain("dni_log_callback", nil, function(run, level, line)
  run(core.name_of("log_level", level), ffi.string(line))
end)

parts.step = status("dni_step_callback", function(run, report)
  return run(core.result("dni_step_report", report)) and 1 or 0
end)

parts.next = status("dni_status (*)(void *, dni_batch *)", function(holder, batch)
  local x, y, weights = holder.stream.next(holder.stream)
  holder.latest = {x, y, weights}
  batch.x, batch.y, batch.weights = core.matrix(x), core.matrix(y), core.matrix(weights)
end)

parts.position = status("dni_status (*)(void *, uint64_t *)", function(holder, position)
  position[0] = holder.stream:position()
end)

parts.seek = status("dni_status (*)(void *, uint64_t)", function(holder, position)
  holder.stream:seek(tonumber(position))
end)

local write = status("dni_status (*)(void *, const void *, size_t)", function(run, bytes, size)
  run(ffi.string(bytes, size))
end)

local read = status("dni_status (*)(void *, void *, size_t, size_t *)", function(run, bytes, size, got)
  local piece = run(tonumber(size)) or ""
  if #piece > size then error("more bytes than were asked for") end
  ffi.copy(bytes, piece, #piece)
  got[0] = #piece
end)

-- A struct of callbacks that call the methods of `part`.
function parts.table(kind, part, required, optional)
  for _, name in ipairs(required) do
    if type(part[name]) ~= "function" then error("the part has no function " .. name, 3) end
  end
  local parameters = part.parameters and part:parameters()
  local struct = core.options(kind, {user = parts.keep(part), destroy = parts.destroy})
  for _, names in ipairs {required, optional} do
    for _, name in ipairs(names) do
      if part[name] then struct[name] = functions[name] end
    end
  end
  if parameters then struct.parameter, struct.parameter_count = functions.parameter, #parameters end
  return struct
end

-- Into a path, or to a function of pieces; from a path, or from a function that gives pieces.
function parts.save(handle, file, to_path, to_writer)
  if type(file) == "string" then return core.check(to_path(handle, file)) end
  local user = parts.keep(file)
  local answer = to_writer(handle, core.options("dni_writer", {user = user, write = write}))
  parts.forget(user)
  core.check(answer)
end

function parts.load(handle, file, from_path, from_reader, more)
  if type(file) == "string" then return core.check(from_path(handle, file, more)) end
  local user = parts.keep(file)
  local answer = from_reader(handle, core.options("dni_reader", {user = user, read = read}), more)
  parts.forget(user)
  core.check(answer)
end

return parts
