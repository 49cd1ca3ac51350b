-- wrk's script. Before it stand the settings: seed, companies, interval_us, and parts, the request cut at its slots.
local number = 0
local threads = 0
local slots = {}

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init()
  for index, part in ipairs(parts) do
    if part == "@I" or part == "@C" then slots[#slots + 1] = { index = index, is_id = part == "@I" } end
  end
end

function request()
  number = number + 1
  local unique = string.format("%05d%02d%09d", seed, id, number)
  local company = companies > 0 and string.format("c%04d", (number * 2 + id) % companies)
  for _, slot in ipairs(slots) do parts[slot.index] = slot.is_id and unique or company end
  return table.concat(parts)
end

if interval_us > 0 then
  -- Each request has its time, whatever the answers before it took; wrk waits in whole milliseconds.
  local ffi = require("ffi")
  ffi.cdef("struct bench_time { long seconds, nanoseconds; }; int clock_gettime(int, struct bench_time *);")
  local clock = ffi.new("struct bench_time")
  local due
  function delay()
    ffi.C.clock_gettime(1, clock)
    local now = tonumber(clock.seconds) * 1e6 + tonumber(clock.nanoseconds) / 1e3
    due = (due or now) + interval_us
    return math.max(0, math.floor((due - now) / 1000 + 0.5))
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,'
      .. '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
