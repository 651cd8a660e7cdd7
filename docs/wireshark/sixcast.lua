-- Shows sixcast's packets in Wireshark: headers of all of them, the contents of open realms, and
-- with a key log (sixcast --key-log FILE) those of sealed ones.
--
-- The bytes are those of docs/protocol.md. Use: tshark -X lua_script:sixcast.lua -r capture.pcap,
-- and for sealed realms as well: -o sixcast.keylog:FILE
local sixcast = Proto("sixcast", "sixcast")

local VERSIONS = { [1] = "sealed", [2] = "open" }
local KINDS = {
  [0] = "data", [1] = "hello", [2] = "control", [3] = "parity", [4] = "direct", [5] = "relay",
  [6] = "page",
}
local RECORDS = {
  [1] = "beacon", [2] = "want", [3] = "bindings", [4] = "attach", [5] = "started",
  [6] = "heartbeat", [7] = "cursor", [8] = "nak", [9] = "interest", [10] = "oldest",
  [11] = "expired", [12] = "meet", [13] = "met", [14] = "answered", [15] = "reach", [16] = "places",
  [17] = "share", [18] = "seat",
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
  name = ProtoField.string("sixcast.name", "Name"),
  identity = ProtoField.bytes("sixcast.identity", "Identity"),
  fragment = ProtoField.string("sixcast.fragment", "Fragment"),
}
for _, field in pairs(f) do sixcast.fields[#sixcast.fields + 1] = field end

local e_short = ProtoExpert.new(
  "sixcast.short", "Cut short", expert.group.MALFORMED, expert.severity.ERROR)
local e_malformed = ProtoExpert.new(
  "sixcast.malformed", "Not what a record of this type holds",
  expert.group.MALFORMED, expert.severity.ERROR)
local e_forged = ProtoExpert.new(
  "sixcast.forged", "Does not open with the key in the key log",
  expert.group.SECURITY, expert.severity.WARN)
local e_unopened = ProtoExpert.new(
  "sixcast.unopened", "Not opened: as many packets have been as the preferences allow",
  expert.group.SECURITY, expert.severity.NOTE)
sixcast.experts = { e_short, e_malformed, e_forged, e_unopened }

sixcast.prefs.keylog = Pref.string("Key log", "",
  "File with keys of packets, as written by sixcast --key-log FILE; empty: none")
sixcast.prefs.opened = Pref.uint("Packets to open at most", 10000,
  "Each of them takes some ms, and what was in it is kept in memory")

local PREFIX_SIZE = 26

-- XSalsa20 and Poly1305, as NaCl's secretbox joins them. Wireshark's own ciphers have no XSalsa20.
local bits = bit32 or bit
local WORD = 2 ^ 32

-- The twenty rounds of Salsa20 over sixteen words, written out: they are nearly all of the work.
local function rounds_source()
  local names, lines = {}, {}
  for i = 0, 15 do names[#names + 1] = "x" .. i end
  local all = table.concat(names, ", ")
  local function step(to, a, b, by)
    lines[#lines + 1] = string.format("x%d = xor(x%d, rotate(x%d + x%d, %d))", to, to, a, b, by)
  end
  local function quarter(a, b, c, d)
    step(b, a, d, 7)
    step(c, b, a, 9)
    step(d, c, b, 13)
    step(a, d, c, 18)
  end
  for i = 0, 3 do
    quarter(5 * i, (5 * i + 4) % 16, (5 * i + 8) % 16, (5 * i + 12) % 16)
  end
  for i = 0, 3 do
    quarter(5 * i, 4 * i + (i + 1) % 4, 4 * i + (i + 2) % 4, 4 * i + (i + 3) % 4)
  end
  return string.format(
    "local xor, rotate = ...\nreturn function(%s)\nfor _ = 1, 10 do\n%s\nend\nreturn %s\nend",
    all, table.concat(lines, "\n"), all)
end

local salsa_rounds = load(rounds_source())(bits.bxor, bits.lrotate or bits.rol)

local function words_of(text)
  local words = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    words[#words + 1] = a + b * 256 + c * 65536 + d * 16777216
  end
  return words
end

local SIGMA = words_of("expand 32-byte k")

-- The words of a state: constants on the diagonal, the key around, four words in the middle.
local function salsa_state(key, middle)
  return {
    SIGMA[1], key[1], key[2], key[3], key[4], SIGMA[2], middle[1], middle[2],
    middle[3], middle[4], SIGMA[3], key[5], key[6], key[7], key[8], SIGMA[4],
  }
end

local unpack_words = table.unpack or unpack

local function hsalsa(key, middle)
  local z = { salsa_rounds(unpack_words(salsa_state(key, middle))) }
  local words = { z[1], z[6], z[11], z[16], z[7], z[8], z[9], z[10] }
  for i = 1, 8 do words[i] = words[i] % WORD end
  return words
end

-- The bytes of the key stream of XSalsa20, 64 for each block.
local function key_stream(key, nonce, blocks)
  local n = words_of(nonce)
  local inner = hsalsa(words_of(key), { n[1], n[2], n[3], n[4] })
  local bytes = {}
  for block = 0, blocks - 1 do
    local state = salsa_state(inner, { n[5], n[6], block, 0 })
    local out = { salsa_rounds(unpack_words(state)) }
    for i = 1, 16 do
      local word = (out[i] + state[i]) % WORD
      for _ = 1, 4 do
        bytes[#bytes + 1] = word % 256
        word = math.floor(word / 256)
      end
    end
  end
  return bytes
end

-- Ten limbs of thirteen bits, of up to seventeen bytes.
local function limbs_of(bytes)
  local limbs, rest, count = {}, 0, 0
  for _, byte in ipairs(bytes) do
    rest = rest + byte * 2 ^ count
    count = count + 8
    while count >= 13 do
      limbs[#limbs + 1] = rest % 8192
      rest = math.floor(rest / 8192)
      count = count - 13
    end
  end
  if #limbs < 10 then limbs[#limbs + 1] = rest end
  while #limbs < 10 do limbs[#limbs + 1] = 0 end
  return limbs
end

local function carried(h)
  local carry = 0
  for i = 1, 10 do
    local sum = h[i] + carry
    h[i] = sum % 8192
    carry = math.floor(sum / 8192)
  end
  h[1] = h[1] + carry * 5
  return h
end

local function times(h, r)
  local product = {}
  for i = 1, 10 do
    local sum = 0
    for j = 1, i do sum = sum + h[j] * r[i - j + 1] end
    for j = i + 1, 10 do sum = sum + 5 * h[j] * r[i - j + 11] end
    product[i] = sum
  end
  return carried(carried(product))
end

-- The tag of a text under the first 32 bytes of the key stream.
local function poly1305(stream, text)
  local r, s = {}, {}
  for i = 1, 16 do r[i], s[i] = stream[i], stream[16 + i] end
  for _, i in ipairs({ 4, 8, 12, 16 }) do r[i] = r[i] % 16 end
  for _, i in ipairs({ 5, 9, 13 }) do r[i] = r[i] - r[i] % 4 end
  local h, factor = limbs_of({}), limbs_of(r)
  for at = 1, #text, 16 do
    local block = { text:byte(at, math.min(at + 15, #text)) }
    block[#block + 1] = 1
    local limbs = limbs_of(block)
    for i = 1, 10 do limbs[i] = limbs[i] + h[i] end
    h = times(limbs, factor)
  end
  h = carried(carried(h))
  -- Less 2^130 - 5, where it is not smaller.
  local g, carry = {}, 5
  for i = 1, 10 do
    local sum = h[i] + carry
    g[i] = sum % 8192
    carry = math.floor(sum / 8192)
  end
  if carry > 0 then h = g end
  local tag, rest, count, over = {}, 0, 0, 0
  for _, limb in ipairs(h) do
    rest = rest + limb * 2 ^ count
    count = count + 13
    while count >= 8 and #tag < 16 do
      local sum = rest % 256 + s[#tag + 1] + over
      tag[#tag + 1] = string.char(sum % 256)
      over = math.floor(sum / 256)
      rest = math.floor(rest / 256)
      count = count - 8
    end
  end
  return table.concat(tag)
end

-- What a secretbox holds; nil: it does not open.
local function open_box(box, nonce, key)
  local text = box:sub(17)
  local stream = key_stream(key, nonce, math.floor((#text + 95) / 64))
  if poly1305(stream, text) ~= box:sub(1, 16) then return nil end
  local plain = {}
  for i = 1, #text do plain[i] = string.char(bits.bxor(text:byte(i), stream[32 + i]) % 256) end
  return table.concat(plain)
end

-- Keys by what they are of, and how far the log has been read: a capture may still run.
local keys, read_to = {}, 0
-- What has been opened, by frame and place.
local opened, opened_count = {}, 0

local function read_keys()
  local file = sixcast.prefs.keylog ~= "" and io.open(sixcast.prefs.keylog, "r")
  if not file then return end
  if file:seek("end") > read_to then
    file:seek("set", read_to)
    for line in file:lines() do
      local name, digits = line:match("^sixcast%-packet%-key%-1 (%l+ %x+ %d+ %x+ %d+) (%x+)$")
      if name and #digits == 64 then
        keys[name] = digits:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end)
        read_to = file:seek()
      end
    end
  end
  file:close()
end

function sixcast.init()
  keys, read_to, opened, opened_count = {}, 0, {}, 0
  read_keys()
end

-- The name of the key of a packet, as the log has it.
local function key_name(tvb, at, kind)
  local hint, epoch = tvb(at + 24, 2):bytes():tohex(true), tvb(at + 4, 2):uint()
  local instance, stream = tvb(at + 6, 8):bytes():tohex(true), tvb(at + 14, 4):uint()
  local nobody = string.rep("0", 16)
  if kind == 0 or kind == 4 then
    return string.format("%s %s %d %s %.0f", KINDS[kind], hint, epoch, instance, stream)
  elseif kind == 2 or kind == 3 then
    return string.format("control %s %d %s 0", hint, epoch, instance)
  elseif kind == 6 then
    return string.format("page %s 0 %s 0", hint, nobody)
  end
  return string.format("hello %s %d %s 0", hint, epoch, nobody)
end

-- The body of a sealed packet as bytes of their own; or nil, and an expert info where there is one.
local function open_packet(tvb, at, to, frame)
  if sixcast.prefs.keylog == "" or to - at < PREFIX_SIZE + 16 then return nil end
  local place = frame .. " " .. at
  if opened[place] then return opened[place] end
  local name = key_name(tvb, at, tvb(at + 2, 1):uint() % 16)
  if not keys[name] then read_keys() end
  if not keys[name] then return nil end
  if opened_count >= sixcast.prefs.opened then return nil, e_unopened end
  opened_count = opened_count + 1
  local box, nonce = tvb(at + PREFIX_SIZE, to - at - PREFIX_SIZE):raw(), tvb(at + 2, 24):raw()
  local plain = open_box(box, nonce, keys[name])
  if not plain then return nil, e_forged end
  opened[place] = plain
  return plain
end

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

local function add_hello(tree, fields)
  local flags = fields:take(1)
  tree:add(f.flags, flags)
  tree:add(f.identity, fields:take(32))
  fields:take(24)
  add_varints(tree, fields, { "Control number", "Interval, ms", "Port", "Streams" })
  local size = fields:varint()
  if size > 0 then
    local name = fields:take(size)
    tree:add(f.name, name, name:string(ENC_UTF_8))
  end
  add_rest(tree, fields)
  local bits = flags:uint()
  if bits % 2 == 1 then return "bye" end
  return math.floor(bits / 4) % 2 == 1 and "alone" or nil
end

local function add_direct(tree, fields)
  add_varints(tree, fields, { "Answer", "Previous", "Total size", "Offset" })
  add_rest(tree, fields)
  return "answer"
end

local function add_body(tree, fields, kind, flags)
  if kind == 0 then return add_data(tree, fields, flags) end
  if kind == 1 then return add_hello(tree, fields) end
  if kind == 2 then return add_control(tree, fields) end
  if kind == 4 then return add_direct(tree, fields) end
  return nil
end

-- What is inside of a body, sealed or not.
local function add_inside(tree, fields, kind, flags)
  local good, found = pcall(add_body, tree, fields, kind, flags)
  if not good then tree:add_proto_expert_info(e_malformed) end
  return good and found or nil
end

-- One packet; returns where the next one begins.
local function add_packet(tvb, at, root, frame)
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
    local found
    if math.floor(mark / 16) == 2 then
      found = add_inside(body, cursor(tvb, at + PREFIX_SIZE, to), kind, flags)
    else
      local plain, fault = open_packet(tvb, at, to, frame)
      if fault then body:add_proto_expert_info(fault) end
      if plain and #plain > 0 then
        local inside = ByteArray.new(plain, true):tvb("sixcast body")
        found = add_inside(body, cursor(inside, 0, inside:len()), kind, flags)
      end
    end
    if found then words = words .. " (" .. found .. ")" end
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
    at, words = add_packet(tvb, at, root, pinfo.number)
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
