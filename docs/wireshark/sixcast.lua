-- Shows sixcast's packets in Wireshark: headers of all of them, and the contents of open realms.
--
-- The bytes are those of docs/protocol.md. Use: tshark -X lua_script:sixcast.lua -r capture.pcap
local sixcast = Proto("sixcast", "sixcast")

local VERSIONS = { [1] = "sealed", [2] = "open" }
local KINDS = {
  [0] = "data", [1] = "hello", [2] = "control", [3] = "parity", [5] = "relay", [6] = "page",
}
local RECORDS = {
  [1] = "beacon", [2] = "want", [3] = "bindings", [4] = "attach", [5] = "started",
  [6] = "heartbeat", [7] = "cursor", [8] = "nak", [9] = "interest", [10] = "oldest",
  [11] = "expired", [12] = "meet", [13] = "met", [14] = "answered", [15] = "reach",
}
local CODECS = { [0] = "bytes", [1] = "text", [2] = "JSON", [7] = "the program's own" }

local f = {
  length = ProtoField.uint16("sixcast.length", "Length"),
  version = ProtoField.uint8("sixcast.version", "Version", base.DEC, VERSIONS, 0xf0),
  kind = ProtoField.uint8("sixcast.kind", "Kind", base.DEC, KINDS, 0x0f),
  flags = ProtoField.uint8("sixcast.flags", "Flags", base.HEX),
  epoch = ProtoField.uint16("sixcast.epoch", "Epoch"),
  instance = ProtoField.uint64("sixcast.instance", "Instance", base.HEX),
  stream = ProtoField.uint32("sixcast.stream", "Stream"),
  number = ProtoField.uint64("sixcast.number", "Number"),
  hint = ProtoField.uint16("sixcast.hint", "Realm hint", base.HEX),
  body = ProtoField.bytes("sixcast.body", "Body"),
  record = ProtoField.string("sixcast.record", "Record"),
  target = ProtoField.uint64("sixcast.target", "Target", base.HEX),
  value = ProtoField.uint64("sixcast.value", "Value"),
  index = ProtoField.uint64("sixcast.index", "Message index"),
  sent = ProtoField.absolute_time("sixcast.sent", "Sent at"),
  codec = ProtoField.string("sixcast.codec", "Codec"),
  payload = ProtoField.bytes("sixcast.payload", "Payload"),
  text = ProtoField.string("sixcast.text", "Text"),
  fragment = ProtoField.string("sixcast.fragment", "Fragment"),
}
for _, field in pairs(f) do sixcast.fields[#sixcast.fields + 1] = field end

local e_short = ProtoExpert.new(
  "sixcast.short", "Cut short", expert.group.MALFORMED, expert.severity.ERROR)
local e_malformed = ProtoExpert.new(
  "sixcast.malformed", "Not what a record of this type holds",
  expert.group.MALFORMED, expert.severity.ERROR)
sixcast.experts = { e_short, e_malformed }

local PREFIX_SIZE = 26

-- Reads one value after the other from a part of a packet, and fails when there is none left.
local Cursor = {}
Cursor.__index = Cursor

local function cursor(tvb, from, to)
  return setmetatable({ tvb = tvb, at = from, to = to }, Cursor)
end

function Cursor:left()
  return self.to - self.at
end

function Cursor:take(size)
  if self:left() < size then error({ at = self.at }) end
  local range = self.tvb(self.at, size)
  self.at = self.at + size
  return range
end

-- A varint of RFC 9000, as a number, and where it stands.
function Cursor:varint()
  local first = self:take(1):uint()
  local size = 2 ^ math.floor(first / 64)
  self.at = self.at - 1
  local range = self:take(size)
  local value = first % 64
  for i = 1, size - 1 do value = value * 256 + range(i, 1):uint() end
  return value, range
end

local function add_varint(tree, fields, name)
  local value, range = fields:varint()
  tree:add(f.value, range, UInt64.new(value % 2 ^ 32, math.floor(value / 2 ^ 32)))
    :set_text(string.format("%s: %.0f", name, value))
  return value
end

local function add_varints(tree, fields, names)
  for _, name in ipairs(names) do add_varint(tree, fields, name) end
end

-- A list of entries, each of them the varints of these names.
local function add_entries(tree, fields, names)
  for _ = 1, add_varint(tree, fields, "Entries") do
    local from = fields.at
    local entry = tree:add(sixcast, fields.tvb(from, fields:left()), "Entry")
    add_varints(entry, fields, names)
    entry:set_len(fields.at - from)
  end
end

local function add_target(tree, fields)
  tree:add(f.target, fields:take(8))
end

local function add_rest(tree, fields)
  if fields:left() > 0 then tree:add(f.payload, fields:take(fields:left())) end
end

-- What stands in the control records, by the numbers of their types.
local CONTENTS = {
  [1] = function(tree, fields) add_varints(tree, fields, { "Interval, ms", "Streams" }) end,
  [2] = function(tree, fields)
    add_target(tree, fields)
    add_varints(tree, fields, { "First stream", "Count" })
  end,
  [3] = add_rest,
  [4] = function(tree, fields)
    add_target(tree, fields)
    add_entries(tree, fields, { "Stream", "Ask", "From", "Age, ms", "Back", "Attempt" })
  end,
  [5] = function(tree, fields)
    add_target(tree, fields)
    add_entries(tree, fields,
      { "Stream", "Ask", "Start", "Wanted", "Index", "Head", "Behind", "Receivers" })
  end,
  [6] = function(tree, fields)
    tree:add(f.flags, fields:take(1))
    add_varint(tree, fields, "Group round trip, us")
    add_entries(tree, fields, { "Stream", "Head", "Index", "Receivers" })
  end,
  [7] = function(tree, fields)
    add_target(tree, fields)
    add_entries(tree, fields, { "Stream", "Next", "Lost" })
  end,
  [8] = function(tree, fields)
    add_target(tree, fields)
    tree:add(f.flags, fields:take(1))
    add_varints(tree, fields, { "Round trip, us", "Missed", "All", "Stream", "First" })
    add_rest(tree, fields)
  end,
  [9] = function(tree, fields)
    add_varint(tree, fields, "Valid, ms")
    add_rest(tree, fields)
  end,
  [10] = function(tree, fields) add_varints(tree, fields, { "Stream", "First", "Index" }) end,
  [11] = function(tree, fields)
    add_varint(tree, fields, "Stream")
    add_entries(tree, fields, { "First", "Packets" })
  end,
  [12] = function(tree, fields)
    add_varints(tree, fields, { "Streams", "Attempt" })
    for _ = 1, add_varint(tree, fields, "Targets") do add_target(tree, fields) end
  end,
  [13] = function(tree, fields)
    add_target(tree, fields)
    add_varint(tree, fields, "Streams")
  end,
}

local function add_control(tree, fields)
  local names = {}
  while fields:left() > 0 do
    local from = fields.at
    local kind = fields:take(1):uint()
    local size = fields:varint()
    fields:take(size)
    local name = RECORDS[kind] or ("unknown " .. kind)
    local record = tree:add(f.record, fields.tvb(from, fields.at - from), name)
    names[#names + 1] = name
    local inside = cursor(fields.tvb, fields.at - size, fields.at)
    if CONTENTS[kind] then
      CONTENTS[kind](record, inside)
      if inside:left() > 0 then record:add_proto_expert_info(e_malformed) end
    end
  end
  return table.concat(names, " ")
end

local function add_sent(tree, fields)
  local range = fields:take(6)
  local ms = range:uint64():tonumber()
  tree:add(f.sent, range, NSTime.new(math.floor(ms / 1000), (ms % 1000) * 1000000))
end

-- The flags and, where bit 3 says so, the fields before a payload of that size.
local function add_message(tree, fields, size)
  local flags = fields:take(1)
  local codec = CODECS[flags:uint() % 8] or "unknown"
  tree:add(f.codec, flags, codec)
  if math.floor(flags:uint() / 8) % 2 == 1 then fields:take((fields:varint())) end
  if size == 0 then return end
  local payload = fields:take(size)
  if codec == "text" or codec == "JSON" then
    tree:add(f.text, payload, payload:string(ENC_UTF_8))
  else
    tree:add(f.payload, payload)
  end
end

local function add_index(tree, fields)
  local value, range = fields:varint()
  tree:add(f.index, range, UInt64.new(value % 2 ^ 32, math.floor(value / 2 ^ 32)))
end

local function add_data(tree, fields, flags)
  if math.floor(flags / 2) % 2 == 1 then
    fields:take(64)
    fields:take(16 * fields:take(1):uint())
    if fields:left() == 0 then return "checkpoint" end
  end
  add_index(tree, fields)
  add_sent(tree, fields)
  if flags % 2 == 1 then
    local all, offset = add_varint(tree, fields, "Total size"), add_varint(tree, fields, "Offset")
    local size = fields:left()
    tree:add(f.fragment, fields:take(size),
      string.format("%d to %d of %d", offset, offset + size, all))
    return "fragment"
  end
  local count = 0
  while fields:left() > 0 do
    local from, size = fields.at, (fields:varint())
    local record = tree:add(f.record, fields.tvb(from, fields:left()), "message")
    add_message(record, fields, size)
    record:set_len(fields.at - from)
    count = count + 1
  end
  return count == 1 and "message" or (count .. " messages")
end

local function add_body(tree, fields, kind, flags)
  if kind == 0 then return add_data(tree, fields, flags) end
  if kind == 2 then return add_control(tree, fields) end
  return nil
end

-- One packet; returns where the next one begins.
local function add_packet(tvb, at, root)
  local length = tvb(at, 2):uint()
  local to = at + 2 + length
  if length < 24 or to > tvb:len() then
    root:add(sixcast, tvb(at), "Packet"):add_proto_expert_info(e_short)
    return nil, "cut short"
  end
  local tree = root:add(sixcast, tvb(at, 2 + length), "sixcast")
  tree:add(f.length, tvb(at, 2))
  tree:add(f.version, tvb(at + 2, 1))
  tree:add(f.kind, tvb(at + 2, 1))
  tree:add(f.flags, tvb(at + 3, 1))
  tree:add(f.epoch, tvb(at + 4, 2))
  tree:add(f.instance, tvb(at + 6, 8))
  tree:add(f.stream, tvb(at + 14, 4))
  tree:add(f.number, tvb(at + 18, 6))
  tree:add(f.hint, tvb(at + 24, 2))
  local mark, flags = tvb(at + 2, 1):uint(), tvb(at + 3, 1):uint()
  local kind = mark % 16
  local words = KINDS[kind] or ("kind " .. kind)
  if to > at + PREFIX_SIZE then
    local body = tree:add(f.body, tvb(at + PREFIX_SIZE, to - at - PREFIX_SIZE))
    if math.floor(mark / 16) == 2 then
      local fields = cursor(tvb, at + PREFIX_SIZE, to)
      local good, found = pcall(add_body, body, fields, kind, flags)
      if not good then body:add_proto_expert_info(e_malformed) end
      if good and found then words = words .. " (" .. found .. ")" end
    end
  end
  tree:append_text(", " .. words)
  return to, words
end

function sixcast.dissector(tvb, pinfo, root)
  if tvb:len() < PREFIX_SIZE then return 0 end
  pinfo.cols.protocol = "sixcast"
  local at, all = 0, {}
  -- A zero length ends the datagram: what follows is padding.
  while at and at + 2 <= tvb:len() and tvb(at, 2):uint() > 0 do
    local words
    at, words = add_packet(tvb, at, root)
    all[#all + 1] = words
  end
  pinfo.cols.info = table.concat(all, ", ")
  return tvb:len()
end

-- Unicast goes between private ports, so whatever looks like one of our packets is taken as well.
local function looks_like(tvb)
  if tvb:len() < PREFIX_SIZE then return false end
  local length, mark = tvb(0, 2):uint(), tvb(2, 1):uint()
  local version, kind = math.floor(mark / 16), mark % 16
  if length < 24 or length + 2 > tvb:len() then return false end
  return (version == 1 or version == 2) and KINDS[kind] ~= nil
end

DissectorTable.get("udp.port"):add(62278, sixcast)
sixcast:register_heuristic("udp", function(tvb, pinfo, root)
  if not looks_like(tvb) then return false end
  sixcast.dissector(tvb, pinfo, root)
  return true
end)
