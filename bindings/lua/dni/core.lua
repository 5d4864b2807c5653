-- What all classes are made of: handles, structs, enumerations, matrices, errors.
--
-- Handles are tables with the C pointer, which the collector gives back in any order. Nothing is copied: a
-- matrix is memory of Lua's that the library reads and writes in place.
jit.off(true, true)

local ffi = require "ffi"
local interface = require "dni.interface"

-- depth: how many callbacks are running.
local core = {depth = 0, classes = {}, library = {}, enums = interface.enums, fields = interface.fields}

-- The library: a file that the environment names, or the system's.
local function load()
  local path = os.getenv "DNI_LIBRARY"
  if path then return ffi.load(path) end
  for _, name in ipairs {"libdni.so.0", "dni"} do
    local found, library = pcall(ffi.load, name)
    if found then return library end
  end
  error("libdni is not found: install it, or name the file in DNI_LIBRARY", 0)
end
local C = load()
core.C = C

-- Errors. -----------------------------------------------------------------------------------------

-- An error of the library is a table {status = number, message = text} that prints as its message. What a
-- function of the caller's throws goes through the library under a number, and comes out as itself.
local Error = {}
Error.__index = Error
Error.__tostring = function(e) return e.message end
core.Error = Error

local thrown, next_number = {}, 1000000000

function core.keep_error(e)
  next_number = next_number + 1
  thrown[next_number] = {e}
  local fine, text = pcall(tostring, e)
  C.dni_fail(next_number, fine and text or "an error without a text")
  return next_number
end

-- What a callback threw that answers no status: the next call that can fail throws it.
local late = {}

function core.keep_late(e)
  late[#late + 1] = {e}
end

function core.throw_late()
  local first = table.remove(late, 1)
  if first then
    late = {}
    error(first[1], 0)
  end
end

-- What was closed in a callback: the call that ran it may use it until it is over.
local closed = {}

function core.close_later(handle) closed[#closed + 1] = handle end

function core.check(status)
  if core.depth == 0 then closed = {} end
  core.throw_late()
  if status == 0 then return end
  local kept = thrown[status]
  thrown[status] = nil
  if kept then error(kept[1], 0) end
  error(setmetatable({status = status, message = ffi.string(C.dni_last_message())}, Error), 0)
end

-- Numbers, enumerations. --------------------------------------------------------------------------

-- The largest size_t, which stands for "all" and "none", as a number of Lua.
core.ALL = 2 ^ 64

function core.size(value)
  if type(value) == "cdata" then return value end
  if value == core.ALL then return ffi.cast("size_t", -1LL) end
  if type(value) ~= "number" or value % 1 ~= 0 or value < 0 or value > 2 ^ 53 then
    error("expected a whole number, not " .. tostring(value), 3)
  end
  return value
end

function core.enum(name, value)
  if type(value) == "number" then return value end
  local number = type(value) == "string" and interface.enums[name][value:lower():gsub("[- ]", "_")]
  if number then return number end
  local names = {}
  for key in pairs(interface.enums[name]) do names[#names + 1] = key end
  table.sort(names)
  error(("%s is none of %s"):format(tostring(value), table.concat(names, ", ")), 3)
end

-- The name of a number of an enumeration.
function core.name_of(enum, number)
  for key, value in pairs(interface.enums[enum]) do
    if value == number then return key end
  end
end

-- Matrices. ---------------------------------------------------------------------------------------

local DTYPE = {f32 = 1, f64 = 2, u8 = 5, i32 = 6}
local ELEMENT = {"float", "double", [5] = "uint8_t", [6] = "int32_t"}

-- A matrix [rows][columns]: `data` is the memory, whose element (r, c) is data[r * stride + c], from 0.
local Matrix = {}
Matrix.__index = Matrix
core.Matrix = Matrix

local function new_matrix(data, rows, columns, stride, dtype, owner)
  local view = ffi.new("dni_matrix", data, rows, columns, stride, dtype, 0)
  return setmetatable({data = data, rows = rows, columns = columns, stride = stride, dtype = dtype,
                       view = view, owner = owner}, Matrix)
end

-- matrix(rows, columns [, "f32"]): zeros. matrix({{1, 2}, {3, 4}} [, "f32"]): these numbers.
function core.new(rows, columns, kind)
  local values = type(rows) == "table" and rows
  if values then
    kind, rows, columns = columns, #values, values[1] and #values[1] or 0
  end
  local dtype = DTYPE[kind or "f32"] or error("no element type " .. tostring(kind), 2)
  local count = math.max(rows * columns, 1)
  local m = new_matrix(ffi.new(ELEMENT[dtype] .. "[?]", count), rows, columns, columns, dtype)
  for r = 1, values and rows or 0 do
    if #values[r] ~= columns then error(("row %d has %d numbers, not %d"):format(r, #values[r], columns), 2) end
    for c = 1, columns do m.data[(r - 1) * columns + c - 1] = values[r][c] end
  end
  return m
end

-- labels({0, 3, 1}) or labels(count): classes [rows][1], from 0.
function core.labels(values)
  if type(values) == "number" then return core.new(values, 1, "i32") end
  local m = core.new(#values, 1, "i32")
  for r = 1, #values do
    if values[r] % 1 ~= 0 then error("a label is a whole number, not " .. values[r], 2) end
    m.data[r - 1] = values[r]
  end
  return m
end

-- Rows and columns count from 0, as in C.
function Matrix:get(r, c) return self.data[r * self.stride + (c or 0)] end
function Matrix:set(r, c, value) self.data[r * self.stride + c] = value end

function Matrix:fill(value)
  for r = 0, self.rows - 1 do
    for c = 0, self.columns - 1 do self.data[r * self.stride + c] = value end
  end
  return self
end

-- Some of the rows: a view of the same memory.
function Matrix:slice(first, rows)
  if first < 0 or rows < 0 or first + rows > self.rows then error("rows that are not there", 2) end
  local data = self.data + first * self.stride
  core.anchor(data, self)
  return new_matrix(data, rows, self.columns, self.stride, self.dtype, self)
end

function Matrix:copy()
  local m = core.new(self.rows, self.columns, core.name_of("dtype", self.dtype))
  for r = 0, self.rows - 1 do
    for c = 0, self.columns - 1 do m.data[r * m.stride + c] = self.data[r * self.stride + c] end
  end
  return m
end

-- What the library views, during a callback or as long as `owner` lives.
function core.view_of(view, owner)
  if view == nil then return nil end
  local data = ffi.cast(ELEMENT[view.dtype] .. " *", view.data)
  if owner then core.anchor(data, owner) end
  return new_matrix(data, tonumber(view.rows), tonumber(view.columns), tonumber(view.stride), view.dtype, owner)
end

function core.matrix(m)
  if m == nil then return nil end
  if getmetatable(m) ~= Matrix then error("expected a matrix, not a " .. type(m), 3) end
  return m.view
end

-- Structs. ----------------------------------------------------------------------------------------

-- What a struct points to lives as long as the struct.
local anchors = setmetatable({}, {__mode = "k"})

local function anchor(struct, thing)
  anchors[struct] = anchors[struct] or {}
  table.insert(anchors[struct], thing)
end
core.anchor = anchor

-- An array of numbers, or a matrix of them, as C memory and its length.
function core.array(kind, values)
  if type(values) ~= "table" then error("an array is a table of numbers", 3) end
  local memory = ffi.new(kind .. "[?]", math.max(#values, 1))
  for i = 1, #values do memory[i - 1] = kind == "double" and values[i] or core.size(values[i]) end
  return memory, #values
end

local put = {}
function put.enum(struct, name, value, enum) struct[name] = core.enum(enum, value) end
function put.flags(struct, name, value, enum) struct[name] = core.enum(enum, value) end
function put.size(struct, name, value) struct[name] = core.size(value) end
function put.handle(struct, name, value, thing)
  struct[name] = core.pointer(value, thing)
  anchor(struct, value)
end
function put.matrix(struct, name, value)
  struct[name] = core.matrix(value)
  anchor(struct, value)
end
function put.text(struct, name, value)
  struct[name] = value
  anchor(struct, value)
end
function put.array(struct, name, values, kind, length)
  local memory, count = core.array(kind, values)
  struct[name], struct[length] = memory, count
  anchor(struct, memory)
end
function put.callback(struct, name, value) struct[name] = value end
put.pointer = put.callback

-- A struct with its size and the fields of a table; nil for nil, the defaults of a call. `allowed`: the names
-- that the table may have.
function core.options(kind, given, allowed)
  if given == nil then return nil end
  local struct, fields = ffi.new(kind), interface.fields[kind]
  struct.struct_size = ffi.sizeof(kind)
  for name, value in pairs(given) do
    if allowed and not allowed[name] then error(("%s has no option %s"):format(kind, tostring(name)), 3) end
    local field = fields[name]
    if type(value) == "boolean" then value = value and 1 or 0 end
    if field then put[field[1]](struct, name, value, field[2], field[3]) else struct[name] = value end
    if name == "seed" and kind ~= "dni_context_options" and kind ~= "dni_probe_options" then
      struct.has_seed = 1
    elseif name == "value" and kind == "dni_initialiser_options" then
      struct.has_value = 1
    end
  end
  return struct
end

-- Options of a function of dni.lua itself: a table, and nothing in it but these names.
function core.named(given, names, what)
  for name in pairs(given or {}) do
    if not names[name] then error(("%s has no option %s"):format(what, tostring(name)), 3) end
  end
  return given or {}
end

function core.report(kind)
  local struct = ffi.new(kind)
  struct.struct_size = ffi.sizeof(kind)
  return struct
end

function core.numbers(memory, count)
  if memory == nil then return nil end
  local values = {}
  for i = 1, tonumber(count) do values[i] = tonumber(memory[i - 1]) end
  return values
end

-- A report as a table, with its arrays copied.
function core.result(kind, struct)
  local names, fields, values = interface.names[kind], interface.fields[kind], {}
  for i = 1, #names do
    local name = names[i]
    local field = fields[name]
    if field and field[1] == "array" then
      values[name] = core.numbers(struct[name], struct[field[3]])
    else
      values[name] = tonumber(struct[name])
    end
  end
  return values
end

-- Handles. ----------------------------------------------------------------------------------------

local releases = {}

function core.class(thing)
  local class = {thing = thing}
  class.__index = class
  class.__eq = function(a, b) return a.handle == b.handle end
  class.__tostring = function(self) return "dni." .. thing end
  core.classes[thing] = class
  releases[thing] = C["dni_" .. thing .. "_release"]
  return class
end

-- An object for a reference that is ours. It shares the context of `source`.
function core.own(thing, handle, source)
  local object = setmetatable({handle = ffi.gc(handle, releases[thing])}, core.classes[thing])
  object.context = source and (source.thing == "context" and source or source.context)
  return object
end

-- An object for a pointer that is not ours: it takes a reference. nil for NULL.
function core.borrow(thing, handle, source)
  if handle == nil then return nil end
  return core.own(thing, C["dni_" .. thing .. "_retain"](handle), source)
end

function core.pointer(object, thing)
  if object == nil then return nil end
  if type(object) ~= "table" or object.thing ~= thing then
    error(("expected a %s, not a %s"):format(thing, type(object) == "table" and object.thing or type(object)), 3)
  end
  if object.handle == nil then error("the " .. thing .. " is closed", 3) end
  return object.handle
end

-- Give the reference back now; in a callback, when the call that runs it is over. The object cannot be used
-- afterwards.
local function close(object)
  local handle = object.handle
  object.handle = nil
  if handle == nil then return end
  if core.depth > 0 then core.close_later(handle) else releases[object.thing](ffi.gc(handle, nil)) end
end

for _, thing in ipairs(interface.handles) do
  core.class(thing).close = close
end

return core
